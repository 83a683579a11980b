from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import Gateway, Moment, Page, RangeQuery, RequestPart, ResponseBody

Code = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9_]+$")]


class RejectionQuery(RangeQuery):
    gateway: Gateway | None = None
    code: Code | None = None


class RejectionGroupQuery(RequestPart):
    gateway: Gateway | None = Field(default=None, examples=["stripe"])
    code: Code | None = Field(default=None, examples=["invalid_signature"])
    from_: Moment | None = Field(default=None, alias="from", description="rejected at or after; 7 days before `to`")
    to: Moment | None = Field(default=None, description="rejected before; now, if left out")


class Rejection(ResponseBody):
    """Webhooks of one gateway that were rejected within one minute for one reason. Their bodies were not stored."""

    id: UUID
    gateway: str = Field(description="`unknown` if the URL names no known gateway")
    status: int = Field(description="HTTP status of the response")
    code: str = Field(description="the reason, for programs")
    reason: str = Field(description="what was wrong and how to fix it, as in the last response")
    count: int = Field(ge=1)
    first_at: datetime
    last_at: datetime
    remote: str | None = Field(description="sender's address of the last one")
    size: int = Field(ge=0, description="bytes of the last one, as its headers announced")
    created_at: datetime = Field(description="the minute")


class RejectionPage(Page[Rejection]):
    pass
