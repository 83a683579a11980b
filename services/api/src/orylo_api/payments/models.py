from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from orylo_api.actions.models import PaymentAction
from orylo_api.http.examples import PAYMENT_ID
from orylo_api.http.fields import PaymentId, RequestPart, ResponseBody
from orylo_api.verdicts.models import GivenVerdict
from orylo_common.messages import Decision


class PaymentPath(RequestPart):
    id: PaymentId


class PaymentState(StrEnum):
    """In the order a payment moves through them. It moves back only if a refund fails or a dispute is decided again."""

    CREATED = "created"
    FAILED = "failed"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    CHARGEBACK = "chargeback"


class PaymentDecision(ResponseBody):
    """The current decision on a payment."""

    id: UUID = Field(description="of the detection")
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    version: int = Field(ge=0)
    created_at: datetime = Field(description="when it was made")


class Payment(ResponseBody):
    id: str = Field(examples=[PAYMENT_ID])
    gateway: str
    order_id: str | None = Field(default=None, description="the merchant's own order number", examples=["1047"])
    customer_id: str | None
    state: PaymentState
    amount_minor: int = Field(ge=0)
    refunded_minor: int = Field(ge=0)
    currency: str
    payment_method: str | None
    card_brand: str | None
    card_last4: str | None
    card_country: str | None
    products: list[str]
    livemode: bool
    test: bool
    decision: PaymentDecision | None = Field(description="null until the detector has decided")
    actions: list[PaymentAction] = Field(
        description="cancellations and refunds at the provider that Orylo made because the payment was blocked"
    )
    created_at: datetime = Field(description="when its first event happened, by the gateway's clock")
    updated_at: datetime = Field(description="when it reached its state, by the gateway's clock")
    verdict: GivenVerdict | None = Field(
        default=None, description="the newest; null without one, and if it was withdrawn"
    )
