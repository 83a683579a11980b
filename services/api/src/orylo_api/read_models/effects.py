"""What a batch of messages changes in the read models: rows by table, gathered before any is written."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from orylo_api.overview.models import Counts
from orylo_api.payments.models import PaymentState
from orylo_api.rejections.projection import RejectionRow
from orylo_common.messages import DetectionCreated, TrustUpdated, WebhookQuarantined, WebhookReplayed

# A failure is no sum: the conversion may be sent after all.
COUNTERS = tuple(name for name in Counts.model_fields if name != "conversions_failed")
AMOUNTS = ("succeeded_minor", "blocked_minor", "dispatched_minor")
_COUNTER = {name: position for position, name in enumerate(COUNTERS)}
_AMOUNT = {name: position for position, name in enumerate(AMOUNTS)}


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """A message, or a conversion, that was set aside: a row of api.dead_letters."""

    tenant_id: UUID
    # Derived from what died and when, so that it also is what the inbox knows it by.
    message_id: UUID
    source: str
    kind: str
    subject_id: UUID
    type: str | None
    subject: str | None
    reason: str
    code: str | None
    attempts: int
    body: bytes
    first_failed_at: datetime
    created_at: datetime


@dataclass(slots=True)
class PaymentRow:
    """A row of api.payments_view. Both keys are texts that sort by how new the news is."""

    gateway: str
    state: PaymentState
    updated_at: datetime
    state_key: str
    customer_id: str | None
    amount_minor: int
    currency: str
    details: dict[str, Any]
    details_key: str
    refunded_minor: int
    created_at: datetime
    # What later events of a sale say, each value behind the key of who says it; shown where `details` say nothing.
    enriched: dict[str, list[Any]]

    @property
    def is_provisional(self) -> bool:
        """Made of later events alone: the sale itself, with its amount and its times, is yet to be heard of."""
        return self.state_key < "0"

    def merge(self, other: "PaymentRow") -> None:
        """As UPSERT_PAYMENTS in `store.py` does, for two messages of one batch."""
        if self.is_provisional == other.is_provisional:
            self.created_at = min(self.created_at, other.created_at)
        elif self.is_provisional:
            self.created_at = other.created_at
        if other.state_key > self.state_key:
            self.state, self.updated_at, self.state_key = other.state, other.updated_at, other.state_key
        if other.details_key > self.details_key:
            self.amount_minor, self.currency = other.amount_minor, other.currency
            self.details, self.details_key = other.details, other.details_key
        self.refunded_minor = max(self.refunded_minor, other.refunded_minor)
        for name, told in other.enriched.items():
            self.enriched[name] = max(self.enriched.get(name, told), told)
        own, told_later = self.details["customer_id"], self.enriched.get("customer_id")
        self.customer_id = told_later[1] if own is None and told_later else own


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """A row of api.conversions_view; that with the highest key stays."""

    event_id: str
    payment_id: str
    destination: str
    destination_id: UUID
    event_name: str
    status: str
    match_method: str
    match_confidence: float
    match_click_id: str | None
    attempts: int
    reason: str | None
    code: str | None
    amount_minor: int
    currency: str
    created_at: datetime
    updated_at: datetime
    status_key: str


@dataclass(slots=True)
class Changes:
    # By what makes a row unique: one statement cannot touch a row twice.
    detections: dict[tuple[UUID, UUID], tuple[DetectionCreated, datetime]] = field(default_factory=dict)
    payments: dict[tuple[UUID, str], PaymentRow] = field(default_factory=dict)
    conversions: dict[tuple[UUID, UUID], ConversionRow] = field(default_factory=dict)
    # When each customer was first seen, and the newest of what trust said of them.
    customers: dict[tuple[UUID, str], datetime] = field(default_factory=dict)
    standings: dict[tuple[UUID, str], TrustUpdated] = field(default_factory=dict)
    trust: list[TrustUpdated] = field(default_factory=list)
    dead_letters: list[DeadMessage] = field(default_factory=list)
    refusals: dict[tuple[UUID, UUID], RejectionRow] = field(default_factory=dict)
    quarantined: dict[tuple[UUID, UUID], WebhookQuarantined] = field(default_factory=dict)
    replays: dict[tuple[UUID, UUID], WebhookReplayed] = field(default_factory=dict)
    counts: defaultdict[tuple[UUID, datetime], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0] * len(COUNTERS))
    )
    amounts: defaultdict[tuple[UUID, datetime, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0] * len(AMOUNTS))
    )
    stream: defaultdict[UUID, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def add_payment(self, tenant_id: UUID, payment_id: str, row: PaymentRow) -> None:
        known = self.payments.setdefault((tenant_id, payment_id), row)
        if known is not row:
            known.merge(row)

    def add_conversion(self, tenant_id: UUID, conversion_id: UUID, row: ConversionRow) -> None:
        known = self.conversions.setdefault((tenant_id, conversion_id), row)
        if row.status_key > known.status_key:
            self.conversions[tenant_id, conversion_id] = row

    def add_standing(self, standing: TrustUpdated) -> None:
        known = self.standings.setdefault((standing.tenant_id, standing.customer_id), standing)
        if standing.version > known.version:
            self.standings[standing.tenant_id, standing.customer_id] = standing

    def add_refusal(self, tenant_id: UUID, refusal_id: UUID, row: RejectionRow) -> None:
        known = self.refusals.setdefault((tenant_id, refusal_id), row)
        if known is not row:
            known.merge(row)

    def add_replay(self, key: tuple[UUID, UUID], replayed: WebhookReplayed) -> None:
        known = self.replays.setdefault(key, replayed)
        if replayed.occurred_at > known.occurred_at:
            self.replays[key] = replayed

    def see_customer(self, tenant_id: UUID, customer_id: str | None, at: datetime) -> None:
        if customer_id is not None:
            known = self.customers.setdefault((tenant_id, customer_id), at)
            if at < known:
                self.customers[tenant_id, customer_id] = at

    def count(self, tenant_id: UUID, at: datetime, counter: str) -> None:
        self.counts[tenant_id, _minute(at)][_COUNTER[counter]] += 1

    def sum(self, tenant_id: UUID, at: datetime, currency: str, amount: str, minor: int) -> None:
        self.amounts[tenant_id, _minute(at), currency][_AMOUNT[amount]] += minor

    def tell(self, tenant_id: UUID, event: bytes, data: Mapping[str, Any]) -> None:
        """Push to whoever watches; `data` is what the API answers for the same thing."""
        self.stream[tenant_id].append(event + b"\n" + orjson.dumps(data, option=orjson.OPT_UTC_Z))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
