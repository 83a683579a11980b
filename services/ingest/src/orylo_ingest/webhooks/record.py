"""Build the record to store from an authenticated document. No I/O, no clock.

The order is: hash, scrub, then interpret. Adapters build messages from the scrubbed copy, so no clear text can get into
a message, and a stored copy that is replayed later takes the same path.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal, get_args
from uuid import UUID

import orjson
import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.control.document_key import DocumentKey
from orylo_common.control.models import LiveMode
from orylo_common.hashing import KEYED_PREFIX, TOKEN_PREFIX
from orylo_common.ids import uuid7
from orylo_common.ip_addresses import is_local, parse_address
from orylo_common.messages import PaymentFact, PaymentSucceeded, encode_first
from orylo_common.messages import type_of as _type_of
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.port import (
    Envelope,
    Gateway,
    IgnoredEvent,
    NormalisedEvent,
    PaymentLink,
    UnprocessableEvent,
)
from orylo_ingest.privacy.cards import MASK
from orylo_ingest.privacy.document_hashes import DocumentHashes
from orylo_ingest.privacy.person import HashedIdentity, Person, customer_aliases, customer_id, identify
from orylo_ingest.privacy.scrub import OWN_KEY, flags_of, scrub
from orylo_ingest.webhooks.announcements import quarantine_announcement
from orylo_ingest.webhooks.event_ids import event_id_of

Status = Literal["published", "ignored", "quarantined", "conflict"]

EVERY_MODE: frozenset[LiveMode] = frozenset(get_args(LiveMode))

# The ids and the money in an event's fields.
_SAID = (
    "payment_id", "checkout_id", "order_id", "dispute_id", "warning_id", "attempt_id", "amount_minor", "currency",
    "refunded_minor", "full",
)  # fmt: skip
_MAX_ID = 255
_MAX_AMOUNT = 2**53
type_of = lru_cache(_type_of)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Record:
    """One gateway event as stored, with the message to publish, if any.

    A quarantined or conflicting event has an `announcement` instead, which only informs people.
    """

    tenant_id: UUID
    event_id: UUID
    gateway: str
    gateway_event_id: str | None
    gateway_event_type: str
    status: Status
    reason: str | None
    payment_id: str | None
    payload: bytes
    occurred_at: datetime
    facts: tuple[str, ...] = ()
    outgoing: Outgoing | None = None
    announcement: Outgoing | None = None
    # Set if other events may know the payment by another id.
    link: PaymentLink | None = None
    # Of what the event says, unless it is quarantined. A document counts with its plain hash, so this is never stored.
    said_sha256: bytes | None = None
    documents: DocumentHashes = field(default_factory=DocumentHashes, repr=False)

    def report_as(self, payment_id: str, attempt: str | None) -> None:
        """Report the record's fact under these names of its payment and of the declined attempt, if it is one."""
        if self.outgoing is None or self.payment_id is None:
            return
        if attempt is not None:
            self.facts = (f"failed:{payment_id}:{attempt}",)
        if payment_id != self.payment_id:
            renamed = (fact.replace(self.payment_id, payment_id) for fact in self.facts)
            self.facts = tuple(dict.fromkeys(renamed))
            message = orjson.loads(self.outgoing.body)
            message["subject"] = message["data"]["payment_id"] = self.payment_id = payment_id
            self.outgoing = replace(self.outgoing, body=orjson.dumps(message))

    @property
    def body_sha256(self) -> bytes:
        """Of the scrubbed copy, so whitespace does not matter."""
        return sha256(self.payload).digest()

    @property
    def content_sha256(self) -> bytes:
        """Distinguishes two contents of one event: what it says, or the whole body if it could not be interpreted.

        A gateway that sends an event again may render it anew, with another time or link that says nothing new. If the
        content includes a document, this is an HMAC over the hash that earlier versions stored.
        """
        digest = self.said_sha256 or self._plain_body_sha256
        return self.documents.digest_of(digest)

    def has_content(self, known: bytes | None) -> bool:
        """Return whether `known` was stored for the same content, by this version or an earlier one."""
        # The earliest versions stored the hash of the body, and none of them keyed it.
        plain = [self._plain_body_sha256, *([self.said_sha256] if self.said_sha256 else [])]
        return known in (*plain, *map(self.documents.digest_of, plain))

    @property
    def _plain_body_sha256(self) -> bytes:
        return sha256(self.documents.as_stored_before(self.payload)).digest()

    @property
    def message_type(self) -> str | None:
        return self.outgoing.type if self.outgoing else None

    def as_conflict(self) -> "Record":
        """Return a copy for a second body under a known event id: stored for inspection, without effect."""
        conflict = replace(
            self,
            event_id=event_id_of("conflict", f"{self.event_id}:{self.body_sha256.hex()}"),
            status="conflict",
            reason=conflict_reason(self.event_id),
            facts=(),
            outgoing=None,
            link=None,
        )
        conflict.announcement = _announce(conflict, "conflict")
        return conflict


def conflict_reason(event_id: UUID) -> str:
    """Return the reason of every conflict with a stored event."""
    return f"event {event_id} was received before with another body"


def build_record(
    gateway: Gateway,
    tenant_id: UUID,
    document: Any,
    received_at: datetime,
    *,
    secrets: Sequence[bytes] = (),
    accept: frozenset[LiveMode] = EVERY_MODE,
    zone: tzinfo | None = None,
    country: str | None = None,
    document_key: DocumentKey | None = None,
    traceparent: str | None = None,
) -> Record:
    """Build the record to store for a webhook. Scrubs `document` in place. No document makes it raise.

    `secrets` are the endpoint's own, which are removed from the copy. `country` (alpha-2) is the tenant's. Without
    `document_key`, documents are masked, and do not identify a customer.
    """
    if isinstance(document, dict):
        document.pop(OWN_KEY, None)
    identity = _identify(gateway, document, country, document_key)
    return _build(gateway, tenant_id, document, received_at, identity, secrets, accept, zone, traceparent)


def rebuild_record(
    gateway: Gateway,
    tenant_id: UUID,
    scrubbed: Any,
    received_at: datetime,
    *,
    accept: frozenset[LiveMode] = EVERY_MODE,
    zone: tzinfo | None = None,
    event_id: UUID | None = None,
    document_key: DocumentKey | None = None,
) -> Record:
    """Build the record again from a scrubbed copy. It keeps `event_id`, if given, even if its key changed since."""
    identity = _identify(gateway, scrubbed, None, document_key)
    return _build(gateway, tenant_id, scrubbed, received_at, identity, (), accept, zone, None, event_id)


def _build(
    gateway: Gateway,
    tenant_id: UUID,
    document: Any,
    received_at: datetime,
    identity: HashedIdentity,
    secrets: Sequence[bytes],
    accept: frozenset[LiveMode],
    zone: tzinfo | None,
    traceparent: str | None,
    event_id: UUID | None = None,
) -> Record:
    event_key = _envelope(gateway, document).event_key
    payload = scrub(document, identity, secrets)
    # Read again: the envelope is stored and displayed, so it must come from the scrubbed copy.
    envelope = _envelope(gateway, document)
    record = Record(
        tenant_id=tenant_id,
        event_id=event_id or event_id_of(gateway.name, event_key or sha256(payload).hexdigest()),
        gateway=gateway.name,
        gateway_event_id=envelope.gateway_event_id and envelope.gateway_event_id[:_MAX_ID],
        gateway_event_type=envelope.event_type[:_MAX_ID],
        status="quarantined",
        reason=None,
        payment_id=None,
        payload=payload,
        occurred_at=received_at,
        documents=identity.documents,
    )
    mode: LiveMode = "live" if envelope.livemode and not envelope.test else "test"
    if mode not in accept:
        record.status, record.reason = "ignored", f"{mode} mode, which this gateway does not accept"
        if event_id is None:
            # If it is sent again once the mode is accepted, it must not count as a repeat of this.
            record.event_id = event_id_of("not_accepted", str(record.event_id))
        record.said_sha256 = _said_if_ignored(record)
        return record
    try:
        event = _read(gateway, document, received_at, zone)
        if isinstance(event, IgnoredEvent):
            record.status, record.reason, record.link = "ignored", event.reason, event.link
            record.said_sha256 = _said_if_ignored(record)
        else:
            _set_message(record, event, identity, envelope, traceparent)
    except UnprocessableEvent as error:
        record.reason = str(error)
        record.announcement = _announce(record, "quarantined")
    return record


def _announce(record: Record, kind: Literal["quarantined", "conflict"]) -> Outgoing:
    return quarantine_announcement(
        kind,
        tenant_id=record.tenant_id,
        event_id=record.event_id,
        gateway=record.gateway,
        gateway_event_id=record.gateway_event_id,
        gateway_event_type=record.gateway_event_type,
        reason=record.reason or "",
        payload=record.payload,
        occurred_at=record.occurred_at,
    )


def _envelope(gateway: Gateway, document: Any) -> Envelope:
    return gateway.envelope(document) if isinstance(document, dict) else Envelope("unknown")


def _identify(gateway: Gateway, document: Any, country: str | None, document_key: DocumentKey | None) -> HashedIdentity:
    if not isinstance(document, dict):
        return HashedIdentity(documents=DocumentHashes(document_key))
    try:
        home_country = country or gateway.home_country
        identity = identify(gateway.person(document), home_country=home_country, document_key=document_key)
    except Exception as error:  # noqa: BLE001  (logged; whatever the document holds, it is stored, and without clear text)
        log.warning("webhook.person_unreadable", gateway=gateway.name, error=type(error).__name__)
        identity = identify(Person(), document_key=document_key)
    identity.flags = {**flags_of(document), **identity.flags}
    return identity


def _read(
    gateway: Gateway, document: Any, received_at: datetime, zone: tzinfo | None
) -> NormalisedEvent | IgnoredEvent:
    if not isinstance(document, dict):
        raise UnprocessableEvent("the body is not a JSON object")
    try:
        return gateway.normalise(document, received_at, zone)
    except UnprocessableEvent:
        raise
    except Exception as error:
        # A bug must not reject an authentic webhook: it stays in quarantine until the bug is fixed.
        log.exception("webhook.adapter_failed", gateway=gateway.name)
        raise UnprocessableEvent(f"the adapter failed ({type(error).__name__})") from None


def _set_message(
    record: Record, event: NormalisedEvent, identity: HashedIdentity, envelope: Envelope, traceparent: str | None
) -> None:
    fields = event.fields
    _check(fields)
    # A local address is that of the shop's own proxy: buyers would share it.
    if "ip" in fields and (address := parse_address(fields.pop("ip"))) and not is_local(address):
        fields["ip"] = address
    if any("\n" in fact for fact in event.facts):
        raise UnprocessableEvent("an id contains a line break")
    if any(MASK in fact for fact in event.facts):
        # Masked, two sales would have the same id, and the second would never be published.
        raise UnprocessableEvent("an id looks like a card number")
    message_id = uuid7()
    payment_id = fields.get("payment_id")
    data = {
        **fields,
        "event_id": record.event_id,
        "gateway": record.gateway,
        "gateway_event_type": record.gateway_event_type,
        "livemode": envelope.livemode,
        "match_keys": identity.match_keys,
        "customer_flags": identity.flags,
    }
    if envelope.test:
        data["test"] = True
    if record.gateway_event_id is not None:
        data["gateway_event_id"] = record.gateway_event_id
    customer = customer_id(
        record.tenant_id,
        identity.match_keys,
        document=identity.document,
        gateway_customer=event.gateway_customer,
        card_fingerprint=fields["card"].get("fingerprint") if "card" in fields else None,
    )
    if customer is not None:
        data["customer_id"] = customer
        # Only money that moved links customers: anyone could type a stranger's number into an attempt.
        if (
            event.message is PaymentSucceeded
            and not envelope.test
            and (aliases := customer_aliases(record.tenant_id, identity.match_keys, document=identity.document))
        ):
            data["customer_aliases"] = aliases
    if identity.document is not None and issubclass(event.message, PaymentFact):
        data["document_hash"] = identity.document
    body = encode_first(
        event.message,
        message_id=message_id,
        tenant_id=record.tenant_id,
        occurred_at=event.occurred_at,
        subject=fields.get("checkout_id") or payment_id or "",
        data=data,
        traceparent=traceparent,
    )
    record.status = "published"
    record.payment_id = payment_id
    record.occurred_at = event.occurred_at
    # Test events claim no facts, so that each press of the panel's test button shows up.
    record.facts = () if envelope.test else event.facts
    record.link = event.link
    record.outgoing = Outgoing(message_id, type_of(event.message), body)
    record.said_sha256 = _said(event, record.gateway_event_type, identity)


def _said(event: NormalisedEvent, gateway_event_type: str, identity: HashedIdentity) -> bytes:
    """Hash the status, the ids, the money and the buyer of an event."""
    fields = event.fields
    keys = identity.match_keys
    if identity.document:
        plain = identity.documents.plain.get(KEYED_PREFIX + identity.document, identity.document)
        keys = {**keys, "document": plain.removeprefix(TOKEN_PREFIX)}
    said = (
        event.message.__name__,
        gateway_event_type,
        [fields.get(name) for name in _SAID],
        fields["subscription"].get("subscription_id") if "subscription" in fields else None,
        sorted(keys.items()),
        event.gateway_customer,
    )
    return sha256(orjson.dumps(said)).digest()


def _said_if_ignored(record: Record) -> bytes:
    """Hash the status of an ignored event, and the ids that it links: nothing else in it has an effect."""
    link = record.link
    ids = (link.charge_id, link.invoice_id) if link else ()
    return sha256(orjson.dumps(("ignored", record.gateway_event_type, ids))).digest()


def _check(fields: Document) -> None:
    """Check what the message classes require of values beyond their types, which `fields.py` ensures."""
    amount = fields.get("amount_minor")
    if amount is not None and not 0 <= amount <= _MAX_AMOUNT:
        raise UnprocessableEvent("the amount is negative or too large")
    if not 0 <= fields.get("refunded_minor", 0) <= _MAX_AMOUNT:
        raise UnprocessableEvent("the refunded amount is negative or too large")
    currency = fields.get("currency")
    if currency is not None and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise UnprocessableEvent("the currency is not an ISO 4217 code")
    if "card" in fields:
        _drop_unless_digits(fields["card"], "last4", 4, 4)
        _drop_unless_digits(fields["card"], "bin", 6, 8)


def _drop_unless_digits(card: dict[str, Any], name: str, shortest: int, longest: int) -> None:
    value = card.get(name)
    if value is not None and not (shortest <= len(value) <= longest and value.isascii() and value.isdecimal()):
        del card[name]
