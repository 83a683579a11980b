"""Hotmart: webhook 2.0.0, the older postback 1.0 as a form or JSON, and the simplified JSON of relays.

Amounts are what the buyer was charged: `full_price` (with the interest of instalments), not `price`.

Hotmart's own webhooks are authenticated by the token (*hottok*) in a header or, in the older format, in the body. The
simplified JSON comes from relays. Even in native mode it must be signed: `X-Signature: sha256=<hex>`, HMAC-SHA256 over
the raw body with one of the gateway's secrets, whatever token it contains. Hotmart sends the token with every webhook,
so give the relay its own secret (`orylo gateway secret add … --label relay`). In HMAC mode every format must be signed
this way, and tokens are not accepted.

Statuses are recognised as webhooks spell them and as the documentation does. In 2.0.0 the event decides, whatever the
status. Relays send `amount` in decimal major units, and `event_time` in ISO 8601 (São Paulo time if it has no zone) or
in Unix seconds or milliseconds.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_ingest.documents.parsing import Document, UnreadableBody
from orylo_ingest.gateways.authentication import authenticate_own_or_relayed, matching_token
from orylo_ingest.gateways.fields import SAO_PAULO, child, text
from orylo_ingest.gateways.hotmart.formats import Format, format_of, is_relayed
from orylo_ingest.gateways.hotmart.relayed import sale_simplified
from orylo_ingest.gateways.hotmart.table import EVENTS, STATUSES, SUBSCRIPTION_STATE, normalise_by_status
from orylo_ingest.gateways.hotmart.v1 import cart_v1, person_v1, sale_v1
from orylo_ingest.gateways.hotmart.v2 import normalise_v2, person_v2
from orylo_ingest.gateways.port import Envelope, EventRow, IgnoredEvent, NormalisedEvent, UnprocessableEvent
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.person import Person

TOKEN_HEADER = "X-HOTMART-HOTTOK"  # noqa: S105  the header's name
TOKEN_FIELD = "hottok"  # noqa: S105  the field's name
# The transaction id that the panel's test button always sends.
_TEST_TRANSACTION = "HP16015479281022"
# Formats that do not name their event.
_EVENT_OF: Mapping[Format, str] = {"1.0 cart": "cart abandonment", "1.0 subscription": "subscription cancellation"}


class Hotmart:
    name = "hotmart"
    home_country: str | None = "BR"

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        return authenticate_own_or_relayed(webhook, secrets, _authenticate_own, is_relayed)

    def envelope(self, document: Document) -> Envelope:
        format_ = format_of(document)
        if format_ == "2.0.0":
            event_id = text(document.get("id"))
            data = child(document, "data")
            test = _is_test(child(data, "product").get("id"), child(data, "purchase").get("transaction"))
            return Envelope(text(document.get("event")) or "unknown", event_id, event_id, test=test)
        # Copies of the format spell it otherwise.
        status = (text(document.get("status")) or "").lower()
        order = text(document.get("transaction")) or text(document.get("order_id"))
        if status and order:
            return Envelope(status, f"{order}:{status}", test=_is_test(document.get("prod"), order))
        return Envelope(_EVENT_OF.get(format_, "unknown"))

    def person(self, document: Document) -> Person:
        data = child(document, "data")
        if data:
            return person_v2(data)
        if "customer" in document:
            customer = child(document, "customer")
            return Person(email=text(customer.get("email")), phone=text(customer.get("phone")))
        return person_v1(document)

    def normalise(
        self, document: Document, received_at: datetime, zone: tzinfo | None = None
    ) -> NormalisedEvent | IgnoredEvent:
        format_ = format_of(document)
        count_variant(self.name, format_)
        match format_:
            case "2.0.0":
                return normalise_v2(document, received_at, zone or SAO_PAULO)
            case "1.0":
                return normalise_by_status(document, lambda: sale_v1(document, received_at, zone or SAO_PAULO))
            case "simplified":
                return normalise_by_status(document, lambda: sale_simplified(document, zone or SAO_PAULO))
            case "1.0 cart":
                return cart_v1(document, received_at)
            case "1.0 subscription":
                return IgnoredEvent(SUBSCRIPTION_STATE.note)
            case "unknown":
                raise UnprocessableEvent("neither a Hotmart webhook 2.0.0 or 1.0 nor the simplified JSON")

    def events(self) -> Sequence[EventRow]:
        rows = [EventRow(native, row.messages, row.note) for native, row in EVENTS.items()]
        older = [EventRow(f"{status} (1.0, simplified)", row.messages, row.note) for status, row in STATUSES.items()]
        return [*rows, *older, EventRow("any other", (), "Hotmart does not document it", "quarantined")]


def _authenticate_own(webhook: RawWebhook, secrets: Sequence[GatewaySecret]) -> UUID:
    token = webhook.headers.get(TOKEN_HEADER)
    if token is not None:
        return matching_token(token, secrets)
    try:
        document = webhook.unauthenticated_document()
    except UnreadableBody:
        document = None
    secret_id = matching_token(document.get(TOKEN_FIELD) if isinstance(document, dict) else None, secrets)
    count_variant("hotmart", "token_in_body")
    return secret_id


def _is_test(product: Any, transaction: Any) -> bool:
    return (type(product) in (int, str) and str(product) == "0") or transaction == _TEST_TRANSACTION
