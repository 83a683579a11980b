"""Stripe: snapshot events of any API version, signed with the endpoint's secret.

`payment_intent.succeeded`, `charge.succeeded`, `checkout.session.completed` and `invoice.paid` can all report the same
payment. The first to arrive is published and decided on. They do not carry the same data: only the session has a
payment link's click id, only the charge has the card. With Checkout or payment links, subscribe the endpoint to
`checkout.session.*` but not to the success of intents and charges; without them, subscribe it to `charge.*`. If a later
event brings what the first did not (`payment.enriched`), it completes the conversion, and the payment is decided again.

From API version 2025-03-31 on, an invoice does not name its payment intent, nor the intent its invoice. The events of a
subscription's charge are then matched by customer, amount, currency and time, so the payment is published once, under
the id of the event that comes first. Later events, refunds and disputes are reported under the same id. A charge is
only ever matched with an invoice: two charges are two payments, however alike. `invoice_payment.paid` names both, so
subscribe to it with `invoice.paid`. A dispute that names only the intent finds a payment that was published from its
invoice if this event, or one of the intent or the charge, was received, too. Do not subscribe to `invoice.paid` if you
use `invoice_creation`: the invoice that Checkout makes after a one-time purchase does not belong to a subscription.

A lost dispute is won if its money is reinstated later, but stays lost if only a part is, as for a charge that had been
refunded in part.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_common.sample_webhooks import is_sample
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.fields import child, required, text
from orylo_ingest.gateways.port import Envelope, EventRow, IgnoredEvent, NormalisedEvent, UnprocessableEvent
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.gateways.stripe.buyer import buyer_of
from orylo_ingest.gateways.stripe.events import EVENTS, NOT_A_PAYMENT, PAYMENT_FAMILIES, UNKNOWN_TYPE, unlisted_event
from orylo_ingest.gateways.stripe.signature import authenticate
from orylo_ingest.privacy.person import Person


class Stripe:
    name = "stripe"
    home_country: str | None = None

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        return authenticate(webhook, secrets, now)

    def envelope(self, document: Document) -> Envelope:
        event_id = text(document.get("id"))
        return Envelope(
            event_type=text(document.get("type")) or "unknown",
            event_key=event_id,
            gateway_event_id=event_id,
            livemode=document.get("livemode") is not False,
            test=is_sample(child(document, "data", "object", "metadata")),
        )

    def person(self, document: Document) -> Person:
        return buyer_of(child(document, "data", "object"))

    def normalise(
        self, document: Document, received_at: datetime, zone: tzinfo | None = None
    ) -> NormalisedEvent | IgnoredEvent:
        kind = document.get("object")
        if kind == "v2.core.event":
            raise UnprocessableEvent("a thin event contains no payment: set the endpoint to snapshot events")
        if kind != "event":
            raise UnprocessableEvent("not a Stripe event: its object is not `event`")
        event_type = required(document.get("type"), "type")
        row = EVENTS.get(event_type)
        if row is None:
            return unlisted_event(event_type)
        if row.read is None:
            return IgnoredEvent(row.note)
        source = child(document, "data", "object")
        if not source:
            raise UnprocessableEvent("data.object is missing")
        return row.read(source, document)

    def events(self) -> Sequence[EventRow]:
        rows = [EventRow(native, row.messages, row.note) for native, row in EVENTS.items()]
        unlisted = [EventRow(f"any other {family}*", (), UNKNOWN_TYPE, "quarantined") for family in PAYMENT_FAMILIES]
        return [*rows, *unlisted, EventRow("any other", (), NOT_A_PAYMENT)]
