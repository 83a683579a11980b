"""The facts that the handlers record. Each handler makes one; `store.py` writes many in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_common.control import Destination
from orylo_common.control.sections.dispatch import DispatchPolicy
from orylo_common.messages import Decision, PaymentEnriched, PaymentSucceeded
from orylo_dispatch.domain.matching import Click, MatchSignals


@dataclass(frozen=True, slots=True)
class ClickSeen:
    tenant_id: UUID
    click: Click


@dataclass(frozen=True, slots=True)
class PaymentSeen:
    """A payment to report to each of `destinations`."""

    payment: PaymentSucceeded
    signals: MatchSignals
    policy: DispatchPolicy
    destinations: Sequence[Destination]
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class EnrichmentSeen:
    """A later event about a payment, which may have been reported to each of `destinations`."""

    enrichment: PaymentEnriched
    policy: DispatchPolicy
    destinations: Sequence[Destination]


@dataclass(frozen=True, slots=True)
class DecisionSeen:
    """A decision on a payment. If it replaces one, the payment may have been reported to each of `destinations`."""

    tenant_id: UUID
    event_id: str
    payment_id: str
    decision: Decision
    version: int
    message_id: UUID
    policy: DispatchPolicy
    destinations: Sequence[Destination] = ()


@dataclass(frozen=True, slots=True)
class ReversalSeen:
    """A refund, a dispute or a fraud warning; `type` is the type of its message."""

    tenant_id: UUID
    event_id: str
    payment_id: str
    type: str
    amount_minor: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class RedriveRequested:
    tenant_id: UUID
    delivery_id: UUID
    message_id: UUID
    although_blocked: bool


Fact = ClickSeen | PaymentSeen | EnrichmentSeen | DecisionSeen | ReversalSeen | RedriveRequested
