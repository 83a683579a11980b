"""Messages about customers' trust scores and statuses."""

from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from orylo_common.messages.message import Message, Value


class TrustStatus(StrEnum):
    NEUTRAL = "neutral"
    ALLOWLISTED = "allowlisted"
    BLOCKED = "blocked"


class CausePoints(Value):
    """The points that all ledger entries of one cause add to a customer's trust score.

    Entries that undo each other count under one cause: a failed refund lowers the points of `refund`.
    """

    cause: str
    points: int


class TrustUpdated(Message):
    """A customer's trust score or status changed.

    `version` counts the customer's changes from 1. A consumer keeps the highest that it received. The score is `start`
    and the points of all causes, limited to 0 to 100. Messages of earlier versions have neither.
    """

    type: Literal["trust.updated.v1"] = "trust.updated.v1"
    source: ClassVar[str] = "orylo/trust"

    customer_id: str
    version: int = Field(ge=1)
    score_before: int = Field(ge=0, le=100)
    score_after: int = Field(ge=0, le=100)
    start: int | None = Field(default=None, ge=0, le=100, description="the score without any cause")
    causes: tuple[CausePoints, ...] = Field(default=(), description="the sums by cause, in alphabetical order")
    status: TrustStatus
    status_expires_at: AwareDatetime | None = Field(
        default=None, description="from then on the status is neutral; a consumer need not wait for the next message"
    )
    cause: str = Field(
        description="dispute_opened, dispute_won, fraud_warning, refund, refund_failed, clean_payment, verdict_fraud, "
        "correction, status_set, status_expired, …"
    )
    source_event_id: str | None = None
    payment_id: str | None = Field(default=None, description="the payment that the change follows from, if it is one")
    actor: str | None = Field(default=None, description="the user who set the status, or corrected the score")
    reason: str | None = Field(default=None, description="the user's reason")

    @property
    def subject(self) -> str:
        return self.customer_id


class CustomerStatusSet(Message):
    """A user put a customer on the block list or the allow list, or removed them from it."""

    type: Literal["customer.status_set.v1"] = "customer.status_set.v1"
    source: ClassVar[str] = "orylo/api"

    customer_id: str
    status: TrustStatus
    expires_at: AwareDatetime | None = Field(
        default=None, description="when the status ends and the customer is neutral again; never, if omitted"
    )
    actor: str
    reason: str

    @property
    def subject(self) -> str:
        return self.customer_id


class CustomerTrustCorrected(Message):
    """A user added points to a customer's trust score, or took some away. Unique by tenant and `correction_id`."""

    type: Literal["customer.trust_corrected.v1"] = "customer.trust_corrected.v1"
    source: ClassVar[str] = "orylo/api"

    correction_id: UUID
    customer_id: str
    points: int = Field(ge=-100, le=100)
    actor: str
    reason: str

    @property
    def subject(self) -> str:
        return self.customer_id
