"""Section `detector`: a tenant's thresholds for detection."""

from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from orylo_common.control.models import TenantSettings

RISK: JsonDict = {"unit": "points of risk, from 0 to 100"}
PAYMENTS: JsonDict = {"unit": "payments"}

Entity = Literal["customer", "card", "ip", "device"]
Window = Literal["1m", "1h", "24h"]
# Those that may test cards.
Tester = Literal["customer", "ip", "device"]

# Half of the attempts that the detector remembers per entity, so that it can still count twice the limit.
HIGHEST_LIMIT = 250


class VelocityLimit(BaseModel):
    """The usual maximum for one entity in one window.

    Amounts are in minor units, by currency. A currency that is not listed has no limit.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempts: int = Field(ge=1, le=HIGHEST_LIMIT)
    amount_minor: dict[str, Annotated[int, Field(gt=0)]] = {}


def _limits(attempts: tuple[int, int, int], day_amount_minor: int | None = None) -> dict[Window, VelocityLimit]:
    minute, hour, day = attempts
    amounts = {} if day_amount_minor is None else dict.fromkeys(("BRL", "EUR", "USD"), day_amount_minor)
    return {
        "1m": VelocityLimit(attempts=minute),
        "1h": VelocityLimit(attempts=hour),
        "24h": VelocityLimit(attempts=day, amount_minor=amounts),
    }


# The defaults allow for households and offices that share an address, and for buyers who try several times.
VELOCITY: dict[Entity, dict[Window, VelocityLimit]] = {
    "customer": _limits((3, 10, 20), 1_000_000),
    "card": _limits((3, 8, 15), 1_000_000),
    "ip": _limits((6, 30, 120)),
    "device": _limits((3, 10, 20), 1_000_000),
}


class CardTestingLimit(BaseModel):
    """The usual maximum of card attempts for one entity in one window. A measure without a number has no limit.

    `small` counts attempts of at most `DetectionPolicy.small_amount_minor`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    declines: int | None = Field(default=None, ge=1, le=HIGHEST_LIMIT)
    cards: int | None = Field(default=None, ge=1, le=HIGHEST_LIMIT)
    small: int | None = Field(default=None, ge=1, le=HIGHEST_LIMIT)

    @cached_property
    def lowest(self) -> int:
        """The lowest limit. Fewer attempts exceed none."""
        return min(limit for limit in (self.declines, self.cards, self.small, HIGHEST_LIMIT) if limit is not None)


# Four declines an hour: hyperswitch's card testing guard blocks a customer at five (common_utils/src/consts.rs). A
# buyer has a few cards, and a tester makes small purchases. Many buyers of a mobile network share one address.
_PERSON: dict[Window, CardTestingLimit] = {
    "1h": CardTestingLimit(declines=4, cards=3, small=5),
    "24h": CardTestingLimit(declines=8, cards=5, small=12),
}
CARD_TESTING: dict[Tester, dict[Window, CardTestingLimit]] = {
    "customer": _PERSON,
    "ip": {
        "1h": CardTestingLimit(declines=10, cards=12, small=15),
        "24h": CardTestingLimit(declines=40, cards=50, small=60),
    },
    "device": _PERSON,
}

# Whose fraud rates are compared with the tenant's own.
RiskEntity = Literal["tenant", "product", "affiliate", "network", "email_domain", "card_country", "bin"]

CountrySource = Literal["card", "ip", "document", "billing", "phone"]

# Scores of a source that names another country than the others. The card and the address are the hardest to choose;
# a phone number or a tax number stays with people who move. A foreign card alone is common (prepaid travel cards), and
# so is a foreign address alone (roaming, VPN): with the detector's weight neither comes near a review.
GEO_SCORES: dict[CountrySource, int] = {"card": 30, "ip": 20, "document": 15, "billing": 15, "phone": 10}


class DetectionPolicy(TenantSettings):
    """Thresholds, weights and limits. An entity or a window missing from `velocity` or `card_testing` has no limit.

    A source missing from `geo_scores` is not compared. `travel_hours` is the shortest time in which a customer can
    plausibly pay from two countries; 0 compares nothing.
    """

    section: ClassVar[str] = "detector"

    review_at: int = Field(default=50, ge=1, le=100, description="the least risk of a review", json_schema_extra=RISK)
    on_degraded: Literal["fail_open", "fail_review"] = Field(
        default="fail_open",
        description="if a detector was left out: `fail_open` decides without it, `fail_review` reviews what would be "
        "allowed",
    )
    block_at: int = Field(
        default=80, ge=1, le=101, description="the least risk of a block; 101: never block", json_schema_extra=RISK
    )
    weights: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default={},
        description="by detector, in place of the detector's own weight; 0 ignores its findings",
        json_schema_extra={"unit": "share from 0 to 1"},
    )
    velocity: dict[Entity, dict[Window, VelocityLimit]] = Field(
        default=VELOCITY,
        description="usual maximum of attempts and amounts, by entity and window; what is missing has no limit",
    )
    card_testing: dict[Tester, dict[Window, CardTestingLimit]] = Field(
        default=CARD_TESTING,
        description="usual maximum of declines, cards and small payments, by entity and window; what is missing has "
        "no limit",
    )
    small_amount_minor: dict[str, Annotated[int, Field(gt=0)]] = Field(
        default={"BRL": 1_000, "EUR": 200, "USD": 200},
        description="by currency: payments of at most this are small, about US$ 2; a currency that is not listed has "
        "no small payments",
        json_schema_extra={"unit": "minor units"},
    )
    geo_scores: dict[CountrySource, Annotated[int, Field(ge=0, le=100)]] = Field(
        default=GEO_SCORES,
        description="for a source that names another country than the others; a source that is missing is not compared",
        json_schema_extra=RISK,
    )
    third_country_score: int = Field(
        default=20,
        ge=0,
        le=100,
        description="added if the sources name three countries or more",
        json_schema_extra=RISK,
    )
    travel_hours: int = Field(
        default=3,
        ge=0,
        le=48,
        description="shortest time in which a customer can plausibly pay from two countries; 0 compares nothing",
        json_schema_extra={"unit": "hours"},
    )
    travel_score: int = Field(
        default=40, ge=0, le=100, description="for a payment from another country sooner", json_schema_extra=RISK
    )
    customer_min_payments: int = Field(
        default=3, ge=1, description="payments that make a customer's usual amount", json_schema_extra=PAYMENTS
    )
    product_min_payments: int = Field(
        default=20, ge=1, description="payments that make a product's usual amount", json_schema_extra=PAYMENTS
    )
    tenant_min_payments: int = Field(
        default=50, ge=1, description="payments that make the shop's usual amount", json_schema_extra=PAYMENTS
    )

    entity_half_life_days: int = Field(
        default=14,
        ge=7,
        le=365,
        description="age at which a payment counts half in the fraud rates of products, affiliates, networks, email "
        "domains and card countries",
        json_schema_extra={"unit": "days"},
    )
    entity_prior_payments: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="payments at the shop's own rate that are added to each entity's",
        json_schema_extra=PAYMENTS,
    )
    entity_min_frauds: int = Field(
        default=2, ge=1, le=1_000, description="least frauds of an entity that count", json_schema_extra=PAYMENTS
    )
    entity_min_lift: float = Field(
        default=3.0,
        ge=1,
        le=100,
        description="least multiple of the shop's own rate that counts",
        json_schema_extra={"unit": "times"},
    )
    entity_full_rate: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="the fraud rate with a score of 100",
        json_schema_extra={"unit": "share from 0 to 1"},
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.block_at < self.review_at:
            raise ValueError("block_at is below review_at")
        return self
