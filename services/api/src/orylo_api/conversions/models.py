from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import Page, PaymentId, RangeQuery, RequestPart, ResponseBody


class ConversionPath(RequestPart):
    id: UUID


class ConversionStatus(StrEnum):
    PENDING = "pending"
    DISPATCHED = "dispatched"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class ConversionQuery(RangeQuery):
    status: ConversionStatus | None = None
    destination: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")] | None = None
    payment_id: PaymentId | None = None


class WaitCause(StrEnum):
    DESTINATION_ON_HOLD = "destination_on_hold"
    DESTINATION_THROTTLED = "destination_throttled"
    DESTINATION_UNAVAILABLE = "destination_unavailable"
    DESTINATION_DISABLED = "destination_disabled"


class ConversionWait(ResponseBody):
    """Why a pending conversion is not sent now. It is sent once the cause ends, up to seven days after the payment."""

    cause: WaitCause = Field(description="`destination_on_hold` lasts until a person changes the destination")
    reason: str | None = Field(description="the destination's answer and what to do")
    code: str | None = Field(description="the destination's own code")
    since: datetime | None = Field(description="when the destination stopped; null if it is disabled")


class ConversionMatch(ResponseBody):
    method: str = Field(description="click_id, fbc, fbp, email, phone, ip_user_agent or none")
    confidence: float = Field(ge=0, le=1)
    click_id: str | None


class Conversion(ResponseBody):
    id: UUID
    event_id: str
    payment_id: str
    destination: str = Field(description="the destination's kind, such as meta")
    destination_id: UUID
    event_name: str
    status: ConversionStatus
    match: ConversionMatch
    attempts: int = Field(ge=0)
    reason: str | None = Field(description="why it failed or was suppressed")
    code: str | None = Field(description="the destination's own error code")
    amount_minor: int = Field(ge=0)
    currency: str
    correction: str | None = Field(
        description="why a conversion that was sent, or may have been, should not have been: `blocked`, if a newer "
        "decision blocks the payment. The destination is not informed",
        examples=["blocked"],
    )
    waiting_for: ConversionWait | None = Field(description="only while pending; always null in the stream")
    created_at: datetime
    updated_at: datetime


class ConversionPage(Page[Conversion]):
    pass
