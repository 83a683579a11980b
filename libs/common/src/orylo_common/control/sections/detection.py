"""Section `detector`: a tenant's thresholds for detection."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orylo_common.control.models import TenantSettings

Entity = Literal["customer", "card", "ip", "device"]
Window = Literal["1m", "1h", "24h"]

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


class DetectionPolicy(TenantSettings):
    """Thresholds, weights and velocity limits. An entity or a window missing from `velocity` has no limit."""

    section: ClassVar[str] = "detector"

    review_at: int = Field(default=50, ge=1, le=100)
    block_at: int = Field(default=80, ge=1, le=101, description="101: never block")
    # By detector name, in place of the detector's own weight; 0 ignores its findings.
    weights: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default={})
    velocity: dict[Entity, dict[Window, VelocityLimit]] = VELOCITY
    customer_min_payments: int = Field(default=3, ge=1)
    product_min_payments: int = Field(default=20, ge=1)
    tenant_min_payments: int = Field(default=50, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.block_at < self.review_at:
            raise ValueError("block_at is below review_at")
        return self
