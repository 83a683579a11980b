"""What the detector concludes."""

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
    """What one detector found: its score 0 to 100, its reasons, and how long it took."""

    name: str
    score: int = Field(ge=0, le=100)
    reasons: tuple[str, ...] = ()
    duration_us: int = Field(ge=0)


class DetectionCreated(Message):
    """A decision on one event of a payment; unique by tenant and `event_id`."""

    type: Literal["detection.created.v1"] = "detection.created.v1"
    source: ClassVar[str] = "orylo/detector"

    detection_id: UUID
    event_id: str
    payment_id: str
    gateway: str
    payment_type: str = Field(description="type of the message decided on, such as payment.succeeded.v1")
    customer_id: str | None = None
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    reasons: tuple[str, ...] = ()
    detectors: tuple[DetectorResult, ...] = ()
    degraded: tuple[str, ...] = Field(default=(), description="detectors left out, late or failed")
    amount_minor: int = Field(ge=0)
    currency: str

    @property
    def subject(self) -> str:
        return self.payment_id
