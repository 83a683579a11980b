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


class DecisionWithout(Value):
    """The risk and the decision if one detector had found nothing, or without the rules."""

    risk_score: int = Field(ge=0, le=100)
    decision: Decision


class DetectorResult(Value):
    """One detector's score from 0 to 100, its reasons and its duration."""

    name: str
    score: int = Field(ge=0, le=100)
    reasons: tuple[str, ...] = ()
    duration_us: int = Field(ge=0)
    otherwise: DecisionWithout | None = Field(
        default=None, description="the risk and the decision without this detector; null if it found nothing"
    )

    def as_stored(self) -> dict[str, object]:
        """Return the fields as JSON objects and arrays, without `otherwise` if it is null. Cheaper than a dump."""
        fields = vars(self).copy()
        if self.otherwise is None:
            del fields["otherwise"]
        else:
            fields["otherwise"] = vars(self.otherwise)
        return fields


class ReasonPoints(Value):
    """A reason's share of the risk, in points: whole numbers that add up to the decision's risk."""

    reason: str
    detector: str
    points: int
    figures: dict[str, int] | None = Field(
        default=None, description="the numbers behind the reason, by name, such as `frauds` and `payments`"
    )


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


class ReplacedDecision(Value):
    """The payment's decision until now."""

    detection_id: UUID
    payment_type: str
    decision: Decision
    degraded: bool = Field(description="a detector was left out")
    amount_minor: int = Field(ge=0)
    currency: str
    rules: tuple[RuleHit, ...] = ()


class DetectionCreated(Message):
    """The detector decided on a payment: on a new event of it, or again because a later event added facts.

    A payment's newest decision is the one with the highest `version`. `event_id` is the event that was decided on; a
    decision that is made again keeps it.

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
        description="what decided in place of the risk: the customer's status (blocked, allowlisted), a kind of list "
        "entry, such as block_list.ip or allow_list.email, or rule; or fuse: a block by rules or the risk is a review; "
        "or degraded: a detector was left out, and the tenant reviews what would be allowed then",
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
    livemode: bool | None = Field(default=None, description="the payment's; null in messages of earlier versions")
    test: bool = Field(default=False, description="a test event of the gateway's panel")
    version: int = Field(default=0, ge=0, description="increases with each decision on the payment, with gaps")
    replaces: ReplacedDecision | None = Field(default=None, description="the payment's decision before this one")
    late: bool = Field(
        default=False,
        description="on a declined attempt that was reported after a newer event: never the payment's current decision",
    )

    @property
    def subject(self) -> str:
        return self.payment_id


class BlockFact(Message):
    """A fact about the block of a paid payment. `version` is that of the decision."""

    source: ClassVar[str] = "orylo/detector"

    event_id: str
    payment_id: str
    customer_id: str | None = None
    version: int = Field(default=0, ge=0)

    @property
    def subject(self) -> str:
        return self.payment_id


class PaymentBlocked(BlockFact):
    """The detector decided to block a payment that had been paid. Accompanies that decision's `detection.created`."""

    type: Literal["payment.blocked.v1"] = "payment.blocked.v1"


class PaymentBlockLifted(BlockFact):
    """A newer decision no longer blocks a paid payment. Accompanies that decision's `detection.created`."""

    type: Literal["payment.block_lifted.v1"] = "payment.block_lifted.v1"
