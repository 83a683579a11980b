"""The features of a payment: the input of the detectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from orylo_common.control.sections.detection import Entity, RiskEntity
from orylo_common.messages import PaymentFact, TrustStatus
from orylo_detector.domain.amounts import AmountHistory
from orylo_detector.domain.countries import Location
from orylo_detector.domain.entities import EntityHistory, weighed
from orylo_detector.domain.lists import ListHit
from orylo_detector.domain.velocity import PaymentAttempt

Subject = Literal["customer", "product", "tenant"]


class FeatureMissing(Exception):
    """A feature that a detector needs could not be read."""


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """A customer's history. `trust_score` is None until the trust service has published one.

    `last_location` is that of the newest payment whose country is known.
    """

    payments: int = 0
    first_paid_at: datetime | None = None
    refunds: int = 0
    disputes: int = 0
    disputes_won: int = 0
    fraud_warnings: int = 0
    trust_score: int | None = None
    status: TrustStatus = TrustStatus.NEUTRAL
    last_location: Location | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """`attempts`, `amounts` and `entities` are None if they could not be read in time.

    `customer` is None if the payment names none.

    `ip_country` is the country (alpha-2) of the buyer's IP address, if it is known. `listed` are the entries of all
    lists that apply to the payment.
    """

    attempts: Mapping[Entity, Sequence[PaymentAttempt]] | None
    customer: CustomerHistory | None
    amounts: Mapping[Subject, AmountHistory] | None
    ip_country: str | None = None
    listed: Sequence[ListHit] = ()
    entities: Mapping[RiskEntity, EntityHistory] | None = None

    def weighed(self, at: datetime, half_life_days: int) -> "Features":
        """Return the features with the entities' counts weighed by their age at a time."""
        return replace(self, entities=weighed(self.entities, at, half_life_days)) if self.entities else self


def subjects_of(payment: PaymentFact) -> dict[Subject, str]:
    """Return the keys of the amount histories that a payment is compared with, and is added to once paid."""
    subjects: dict[Subject, str] = {"tenant": "tenant"}
    if payment.customer_id:
        subjects["customer"] = f"customer:{payment.customer_id}"
    if payment.products:
        # The first product is the main one, order bumps follow. Truncated, because it is part of a key.
        subjects["product"] = f"product:{payment.products[0].product_id[:200]}"
    return subjects
