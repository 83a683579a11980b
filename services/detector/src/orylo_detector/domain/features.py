"""What is known about a payment when it is decided on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orylo_common.control.sections.detection import Entity
from orylo_common.messages import PaymentFact, TrustStatus
from orylo_detector.domain.amounts import AmountHistory
from orylo_detector.domain.velocity import Attempt

Subject = Literal["customer", "product", "tenant"]


class FeatureMissing(Exception):
    """What a detector needs could not be gathered."""


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """A customer as earlier messages tell. `trust_score` is None until trust has said anything."""

    payments: int = 0
    first_paid_at: datetime | None = None
    refunds: int = 0
    disputes: int = 0
    disputes_won: int = 0
    fraud_warnings: int = 0
    trust_score: int | None = None
    status: TrustStatus = TrustStatus.NEUTRAL


@dataclass(frozen=True, slots=True)
class Features:
    """`attempts` and `amounts` are None where they could not be read in time, `customer` where nobody is named."""

    attempts: Mapping[Entity, Sequence[Attempt]] | None
    customer: CustomerHistory | None
    amounts: Mapping[Subject, AmountHistory] | None


def subjects_of(payment: PaymentFact) -> dict[Subject, str]:
    """Whose amounts a payment is compared with, and belongs to once it is paid."""
    subjects: dict[Subject, str] = {"tenant": "tenant"}
    if payment.customer_id:
        subjects["customer"] = f"customer:{payment.customer_id}"
    if payment.products:
        # The first is what was bought; order bumps follow it. Bounded, because it is part of a key.
        subjects["product"] = f"product:{payment.products[0].product_id[:200]}"
    return subjects
