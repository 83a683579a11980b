"""Decisions on payments."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import Answer, CustomerId, Gateway, Page, PaymentId, RangeQuery, Request
from orylo_common.messages import Decision


class DetectionPath(Request):
    id: UUID


class DetectionQuery(RangeQuery):
    decision: Decision | None = None
    gateway: Gateway | None = None
    customer_id: CustomerId | None = None
    payment_id: PaymentId | None = None
    min_risk: int | None = Field(default=None, ge=0, le=100)


class DetectorScore(Answer):
    name: str
    score: int = Field(ge=0, le=100)
    reasons: list[str]
    duration_us: int = Field(ge=0)


class Detection(Answer):
    id: UUID
    event_id: str
    payment_id: str
    payment_type: str = Field(description="what was decided on, such as payment.succeeded.v1")
    gateway: str
    customer_id: str | None
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    reasons: list[str] = Field(description="codes, the weightiest first")
    detectors: list[DetectorScore]
    degraded: list[str] = Field(description="detectors that were late or failed and were left out")
    amount_minor: int = Field(ge=0, description="in the currency's own minor unit")
    currency: str
    occurred_at: datetime = Field(description="when it happened at the gateway")
    created_at: datetime = Field(description="when the decision was made")


class DetectionPage(Page[Detection]):
    pass
