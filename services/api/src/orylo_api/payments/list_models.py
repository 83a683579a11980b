"""Payments as a list shows them, and what they are filtered by."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.conversions.models import ConversionStatus, ConversionWait
from orylo_api.customers.identifiers import PersonalValues
from orylo_api.detections.models import Override, Points
from orylo_api.http.fields import CustomerId, Gateway, Moment, Page, PageQuery, RequestPart, ResponseBody, Several, Text
from orylo_api.payments.models import PaymentState
from orylo_api.verdicts.models import GivenVerdict
from orylo_common.messages import Decision, TrustStatus

# Reasons of a decision that a row shows.
SHOWN_REASONS = 2


class ListedConversion(StrEnum):
    """The state of a payment's conversions: the first of these that any of them is in."""

    FAILED = "failed"
    PENDING = "pending"
    SUPPRESSED = "suppressed"
    DISPATCHED = "dispatched"
    NONE = "none"


class ListedVerdict(StrEnum):
    FRAUD = "fraud"
    LEGITIMATE = "legitimate"
    NONE = "none"


Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[int, Field(ge=0, le=2**53)]


# Payments that are blocked and whose money the shop still has, unless a person judged them legitimate.
BLOCKED_BUT_PAID = {"decision": "block", "state": "succeeded,partially_refunded", "verdict": "none,fraud"}


class PaymentFilters(RequestPart):
    """Conditions on payments, of which all must hold; of several values of one condition, any.

    Three views of the dashboard: `decision=review&verdict=none` (to review),
    `decision=block&state=succeeded,partially_refunded&verdict=none,fraud` (blocked but paid),
    `state=succeeded&conversion=failed,pending,suppressed,none` (not reaching Meta).
    """

    from_: Moment | None = Field(
        default=None, alias="from", description="first event at or after", examples=["2026-11-01T00:00:00Z"]
    )
    to: Moment | None = Field(default=None, description="first event before", examples=["2026-12-01T00:00:00Z"])
    gateway: Several[Gateway] | None = Field(
        default=None, description="of the payment", examples=[["stripe", "hotmart"]]
    )
    state: Several[PaymentState] | None = Field(
        default=None, description="the state of the money", examples=[["succeeded", "partially_refunded"]]
    )
    decision: Several[Decision] | None = Field(
        default=None, description="the current decision", examples=[["review", "block"]]
    )
    conversion: Several[ListedConversion] | None = Field(
        default=None,
        description="the state of its conversions; of several, the first of failed, pending, suppressed, dispatched",
        examples=[["failed", "pending"]],
    )
    verdict: Several[ListedVerdict] | None = Field(default=None, description="what people found", examples=[["none"]])
    currency: Several[Currency] | None = Field(
        default=None, description="the payment's, by its ISO 4217 code", examples=[["BRL"]]
    )
    min_amount: Amount | None = Field(default=None, description="in the currency's minor unit", examples=[10000])
    max_amount: Amount | None = Field(default=None, description="in the currency's minor unit", examples=[50000])
    min_risk: int | None = Field(default=None, ge=0, le=100, description="of the current decision", examples=[60])
    max_risk: int | None = Field(default=None, ge=0, le=100, description="of the current decision", examples=[100])
    product: Text | None = Field(default=None, description="the gateway's product id or name", examples=["Course"])
    customer_id: CustomerId | None = Field(
        default=None, description="of this customer, and of those that are the same person", examples=["cus_282a2fe6"]
    )
    q: Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[^\x00@]*$")] | None = Field(
        default=None,
        description="an order id, the last four digits of a card, or the beginning of a payment id with or without its "
        "gateway. For an email address, a phone number or a document use `POST /api/v1/payments/search`",
        examples=["HP7741"],
    )


class PaymentQuery(PaymentFilters, PageQuery):
    pass


class PaymentSearch(PaymentQuery, PersonalValues):
    """The filters of the list, and values that identify a person, of which every one must match."""


class ListedDecision(ResponseBody):
    """A payment's current decision."""

    id: UUID = Field(description="of the detection")
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    version: int = Field(ge=0, description="of a payment's decisions, the highest is current", examples=[3])
    points: Points = Field(description=f"the {SHOWN_REASONS} reasons with the most points")
    more_reasons: int = Field(ge=0, description="further reasons", examples=[2])
    override: Override
    created_at: datetime


class ListedBuyer(ResponseBody):
    """A payment's customer, with the trust score and the status of the person."""

    customer_id: str = Field(examples=["cus_282a2fe6"])
    trust_score: int | None = Field(description="null until the customer is known", examples=[52])
    last_change: int | None = Field(description="by which the score last changed; null if it never did", examples=[-8])
    status: TrustStatus


class ListedConversions(ResponseBody):
    """The state of a payment's conversions, and why it is that one."""

    status: ConversionStatus
    reason: str | None = Field(description="why it failed or was suppressed", examples=["blocked"])
    code: str | None = Field(description="the destination's own error code", examples=["190"])
    correction: str | None = Field(
        description="`blocked`: it was sent, and a newer decision blocks the payment", examples=["blocked"]
    )
    waiting_for: ConversionWait | None = Field(description="why a pending one is not sent now")
    count: int = Field(ge=1, description="one for each destination", examples=[1])


class ListedPayment(ResponseBody):
    id: str = Field(examples=["hotmart:HP7741"])
    gateway: str = Field(examples=["hotmart"])
    order_id: str | None = Field(default=None, description="the merchant's own order number", examples=["1047"])
    state: PaymentState = Field(description="the state of the money")
    amount_minor: int = Field(ge=0, examples=[49700])
    refunded_minor: int = Field(ge=0, examples=[0])
    currency: str = Field(examples=["BRL"])
    payment_method: str | None = Field(examples=["card"])
    card_brand: str | None = Field(examples=["visa"])
    card_last4: str | None = Field(examples=["4242"])
    products: list[str] = Field(examples=[["Course"]])
    livemode: bool = Field(description="false in the gateway's test mode")
    test: bool = Field(description="a test event of the gateway's panel")
    decision: ListedDecision | None = Field(description="null until the detector has decided")
    decisions: int = Field(ge=0, description="how many were made on the payment", examples=[3])
    buyer: ListedBuyer | None = Field(description="null if no event names the customer")
    conversion: ListedConversions | None = Field(description="null until there is one")
    verdict: GivenVerdict | None = Field(description="the newest; null without one, and if it was withdrawn")
    created_at: datetime = Field(description="when its first event happened, by the gateway's clock")
    updated_at: datetime = Field(description="when it reached its state, by the gateway's clock")


class PaymentPage(Page[ListedPayment]):
    pass
