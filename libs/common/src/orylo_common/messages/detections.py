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


class ReasonPoints(Value):
    """A reason's share of the risk, in points: whole numbers that add up to the decision's risk."""

    reason: str
    detector: str
    points: int


class RuleHit(Value):
    """One of the tenant's rules that is true of a payment. A rule in shadow had no effect."""

    rule_id: UUID
    version: int = Field(ge=1)
    name: str
    mode: Literal["on", "shadow"]
    action: str = Field(description="allow, review, block, add_points, …")
    otherwise: Decision = Field(
        description="the decision if this rule were on, for one in shadow; if it were off, for one that is on"
    )


class DetectionCreated(Message):
    """The detector decided on an event of a payment. Unique by tenant and `event_id`.

    Messages from before points existed have reasons without points. In them, a list entry is the first reason
    (`list.blocked` or `list.allowlisted`), and the risk of a blocked customer is 100.
    """

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
    reasons: tuple[str, ...] = Field(default=(), description="codes, most points first")
    points: tuple[ReasonPoints, ...] = Field(
        default=(), description="one entry per reason; they add up to `risk_score`"
    )
    override: str | None = Field(
        default=None,
        description="what decided in place of the risk: the customer's list entry (blocked, allowlisted, …), rule, or "
        "fuse: a block by rules or by the risk is a review",
    )
    rules: tuple[RuleHit, ...] = Field(default=(), description="the tenant's rules that are true of the payment")
    detectors: tuple[DetectorResult, ...] = ()
    degraded: tuple[str, ...] = Field(
        default=(),
        description="detectors, and rules as `custom_rules.<id>`, that were left out because they failed, were late or "
        "lacked data",
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
