"""Messages about customers' trust scores and statuses."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from orylo_common.messages.message import Message


class TrustStatus(StrEnum):
    NEUTRAL = "neutral"
    ALLOWLISTED = "allowlisted"
    BLOCKED = "blocked"


class TrustUpdated(Message):
    """A customer's trust score or status changed.

    `version` counts the customer's changes from 1. A consumer keeps the highest that it received.
    """

    type: Literal["trust.updated.v1"] = "trust.updated.v1"
    source: ClassVar[str] = "orylo/trust"

    customer_id: str
    version: int = Field(ge=1)
    score_before: int = Field(ge=0, le=100)
    score_after: int = Field(ge=0, le=100)
    status: TrustStatus
    cause: str = Field(
        description="dispute_opened, dispute_won, fraud_warning, refund, refund_failed, clean_payment, status_set, …"
    )
    source_event_id: str | None = None
    actor: str | None = Field(default=None, description="the user who set the status, if that is the cause")
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
    actor: str
    reason: str

    @property
    def subject(self) -> str:
        return self.customer_id
