"""Section `fuse`: when a tenant's blocks are so many that rules and the risk stop blocking."""

from typing import ClassVar

from pydantic import Field
from pydantic.config import JsonDict

from orylo_common.control.models import TenantSettings

PAYMENTS: JsonDict = {"unit": "payments"}
SHARE: JsonDict = {"unit": "share from 0 to 1"}


class FusePolicy(TenantSettings):
    """The share of paid payments that may be blocked by rules and by the risk. All shares are from 0 to 1.

    The fuse trips if, in the last `window_minutes`, at least `min_payments` were paid, at least `min_blocked` of them
    were blocked, and their share is above the limit. The limit is `times_usual` times the share of the last 28 days,
    but at least `min_rate`. With fewer than `min_history` paid payments in these days it is `new_shop_rate`.
    """

    section: ClassVar[str] = "fuse"

    enabled: bool = Field(default=True, description="whether the fuse can trip")
    window_minutes: int = Field(
        default=60, ge=5, le=1440, description="the time that is compared", json_schema_extra={"unit": "minutes"}
    )
    min_payments: int = Field(
        default=50, ge=1, description="least paid payments in the window", json_schema_extra=PAYMENTS
    )
    min_blocked: int = Field(
        default=20, ge=1, description="least blocked payments in the window", json_schema_extra=PAYMENTS
    )
    times_usual: float = Field(
        default=5,
        ge=1,
        le=100,
        description="the limit, as a multiple of the usual share of the last 28 days",
        json_schema_extra={"unit": "times"},
    )
    min_rate: float = Field(default=0.05, ge=0, le=1, description="the lowest limit", json_schema_extra=SHARE)
    min_history: int = Field(
        default=500, ge=1, description="paid payments that make a usual share", json_schema_extra=PAYMENTS
    )
    new_shop_rate: float = Field(
        default=0.3, ge=0, le=1, description="the limit with less history", json_schema_extra=SHARE
    )
