"""The detector's messages."""

from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from orylo_common.messages.message import Message, Value


class Decision(StrEnum):
    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class DetectorResult(Value):
    """One detector's score from 0 to 100, its reasons and its duration."""

    name: str
    score: int = Field(ge=0, le=100)
    reasons: tuple[str, ...] = ()
    duration_us: int = Field(ge=0)


class DetectionCreated(Message):
    """The detector decided on an event of a payment. Unique by tenant and `event_id`."""

    type: Literal["detection.created.v1"] = "detection.created.v1"
    source: ClassVar[str] = "orylo/detector"

    detection_id: UUID
    event_id: str
    payment_id: str
    gateway: str
    payment_type: str = Field(description="type of the message that was decided on, such as payment.succeeded.v1")
    customer_id: str | None = None
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    reasons: tuple[str, ...] = ()
    detectors: tuple[DetectorResult, ...] = ()
    degraded: tuple[str, ...] = Field(
        default=(), description="detectors that were left out because they failed, were late or lacked data"
    )
    amount_minor: int = Field(ge=0)
    currency: str

    @property
    def subject(self) -> str:
        return self.payment_id


class PaymentBlocked(Message):
    """The detector decided to block a payment that had been paid. Accompanies that decision's `detection.created`."""

    type: Literal["payment.blocked.v1"] = "payment.blocked.v1"
    source: ClassVar[str] = "orylo/detector"

    event_id: str
    payment_id: str
    customer_id: str | None = None

    @property
    def subject(self) -> str:
        return self.payment_id
