"""What people found out about a payment."""

from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from orylo_common.messages.message import Message


class PaymentVerdict(StrEnum):
    FRAUD = "fraud"
    LEGITIMATE = "legitimate"
    # Takes the earlier verdict back: the payment counts as if it had never had one.
    WITHDRAWN = "withdrawn"


class VerdictGiven(Message):
    """A person, or a program on a person's behalf, judged a payment. The newest verdict on a payment counts."""

    type: Literal["verdict.given.v1"] = "verdict.given.v1"
    source: ClassVar[str] = "orylo/api"

    verdict_id: UUID
    payment_id: str
    customer_id: str | None = Field(default=None, description="the payment's customer, if it is known")
    verdict: PaymentVerdict
    actor: str
    reason: str | None = None

    @property
    def subject(self) -> str:
        return self.payment_id
