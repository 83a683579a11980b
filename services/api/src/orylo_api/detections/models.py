from datetime import datetime
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import CustomerId, Gateway, Page, PaymentId, RangeQuery, RequestPart, ResponseBody
from orylo_common.messages import Decision


class DetectionPath(RequestPart):
    id: UUID


class DetectionQuery(RangeQuery):
    decision: Decision | None = None
    gateway: Gateway | None = None
    customer_id: CustomerId | None = None
    payment_id: PaymentId | None = None
    min_risk: int | None = Field(default=None, ge=0, le=100)


class DetectorScore(ResponseBody):
    name: str
    score: int = Field(ge=0, le=100)
    reasons: list[str]
    duration_us: int = Field(ge=0)


class Detection(ResponseBody):
    id: UUID
    event_id: str
    payment_id: str
    payment_type: str = Field(description="type of the message decided on, such as payment.succeeded.v1")
    gateway: str
    customer_id: str | None
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    reasons: list[str] = Field(description="codes, the heaviest first")
    detectors: list[DetectorScore]
    degraded: list[str] = Field(description="detectors left out because they were late or failed")
    amount_minor: int = Field(ge=0, description="in the currency's minor unit")
    currency: str
    occurred_at: datetime = Field(description="when the payment event happened, by the gateway's clock")
    created_at: datetime = Field(description="when the decision was made")


class DetectionPage(Page[Detection]):
    pass
