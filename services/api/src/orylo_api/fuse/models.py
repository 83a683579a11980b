from datetime import datetime

from pydantic import Field

from orylo_api.http.fields import RequestPart, ResponseBody, Text


class FuseTrip(ResponseBody):
    """Paid payments of the window in which the fuse tripped. Shares are from 0 to 1."""

    at: datetime
    payments: int = Field(ge=0)
    blocked: int = Field(ge=0, description="those of them that rules or the risk blocked")
    usual_rate: float | None = Field(description="the tenant's usual share; null with too few earlier payments")
    limit_rate: float


class Fuse(ResponseBody):
    tripped: bool = Field(description="a block by rules or by the risk is a review until a person resets the fuse")
    last_trip: FuseTrip | None
    reset_at: datetime | None
    reset_by: str | None


class FuseResetBody(RequestPart):
    reason: Text = Field(description="for the audit log: what made the blocks jump")
