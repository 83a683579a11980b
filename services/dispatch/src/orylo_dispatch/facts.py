"""What messages become before they are written: each handler makes one, `store.py` writes many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.control import Destination
from orylo_common.control.sections.dispatch import DispatchPolicy
from orylo_common.messages import Decision, Match, PaymentEnriched, PaymentSucceeded
from orylo_dispatch.domain.matching import Click, Traces

# Tenant and destination.
DestinationKey = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class ClickSeen:
    tenant_id: UUID
    click: Click


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment to be reported to each of `destinations`."""

    payment: PaymentSucceeded
    traces: Traces
    policy: DispatchPolicy
    destinations: Sequence[Destination]
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Enriched:
    """A later event about a payment, which may have been reported to each of `destinations`."""

    later: PaymentEnriched
    policy: DispatchPolicy
    destinations: Sequence[Destination]


@dataclass(frozen=True, slots=True)
class Decided:
    tenant_id: UUID
    event_id: str
    decision: Decision
    message_id: UUID
    send_blocked: bool


@dataclass(frozen=True, slots=True)
class Reversed:
    """A refund, a dispute or a fraud warning; `type` is its message's."""

    tenant_id: UUID
    event_id: str
    payment_id: str
    type: str
    amount_minor: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class RedriveAsked:
    tenant_id: UUID
    delivery_id: UUID
    message_id: UUID


Fact = ClickSeen | Paid | Enriched | Decided | Reversed | RedriveAsked


@dataclass(slots=True)
class Effect:
    """What has to happen after the commit: messages leave, workers are woken, what was kept back is counted."""

    messages: list[Outgoing] = field(default_factory=list)
    due: set[DestinationKey] = field(default_factory=set)
    # Kinds of destinations.
    suppressed: list[str] = field(default_factory=list)
    # What the fact is about is being sent at this moment: it has to be told again.
    in_hand: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is announced of a delivery; its fields stand in the order of `DELIVERY_COLUMNS`."""

    delivery_id: UUID
    tenant_id: UUID
    destination_id: UUID
    destination_kind: str
    payment_id: str
    event_name: str
    event_id: str
    correlation_id: UUID
    traceparent: str | None
    amount_minor: int
    currency: str
    match_method: str
    match_confidence: float
    click_id: str | None

    @property
    def key(self) -> DestinationKey:
        return self.tenant_id, self.destination_id

    @property
    def match(self) -> Match:
        return Match.model_validate(
            {"method": self.match_method, "confidence": self.match_confidence, "click_id": self.click_id}
        )


DELIVERY_COLUMNS = """
    d.delivery_id, d.tenant_id, d.destination_id, d.destination_kind, d.payment_id, d.event_name, d.event_id,
    d.correlation_id, d.traceparent, d.amount_minor, d.currency, d.match_method, d.match_confidence, d.click_id
"""
