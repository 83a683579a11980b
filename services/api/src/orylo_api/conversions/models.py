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
    created_at: datetime
    updated_at: datetime


class ConversionPage(Page[Conversion]):
    pass
