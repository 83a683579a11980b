from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from orylo_api.detections.models import Override, Points, Reasons
from orylo_api.http.fields import (
    CaseHolder,
    Gateway,
    Moment,
    Page,
    PageQuery,
    PaymentId,
    RequestPart,
    ResponseBody,
    Text,
)
from orylo_api.payments.models import PaymentState
from orylo_common.control.sections.shop import TimeZone
from orylo_common.messages import PaymentVerdict, TrustStatus

# The type of the stream event.
CASE_CHANGED = "review.changed"


class CasePath(RequestPart):
    id: PaymentId = Field(description="the payment's id")


class CaseOrder(StrEnum):
    MONEY = "money"
    RISK = "risk"
    AGE = "age"


class CaseQuery(PageQuery):
    sort: CaseOrder = Field(
        default=CaseOrder.MONEY,
        description="`money`: the highest amount first, in each currency's main unit, without exchange rates; `risk`: "
        "the highest risk first; `age`: the oldest first",
    )
    gateway: Gateway | None = Field(default=None, examples=["stripe"])
    mine: bool = Field(default=False, description="only cases that are assigned to the caller or held by the caller")
    snoozed: bool = Field(default=False, description="only cases that are put off until later, which are else left out")


class CaseBuyer(ResponseBody):
    trust_score: int = Field(ge=0, le=100, examples=[52])
    status: TrustStatus


class ReviewCase(ResponseBody):
    """A payment whose current decision is review and that has no verdict."""

    payment_id: str = Field(examples=["stripe:pi_3SVk2c"])
    detection_id: UUID = Field(description="the current decision")
    gateway: str = Field(examples=["stripe"])
    amount_minor: int = Field(ge=0, description="in the currency's minor unit", examples=[149700])
    currency: str = Field(examples=["BRL"])
    risk_score: int = Field(ge=0, le=100, examples=[68])
    reasons: Reasons = Field(default=[])
    points: Points = Field(default=[])
    override: Override = None
    state: PaymentState | None = Field(description="what happened to the money; null until the payment is known")
    refunded_minor: int = Field(ge=0, examples=[0])
    customer_id: str | None = Field(examples=["cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d"])
    buyer: CaseBuyer | None = Field(description="null if the payment names no known customer")
    created_at: datetime = Field(description="the payment's first review")
    open: bool = Field(description="false as soon as the payment has a verdict or another decision")
    holder: CaseHolder | None = Field(description="who has it open; null if it is free")
    assigned_to: str | None = Field(description="a member's email address", examples=["bia@loja.example"])
    later_until: datetime | None = Field(description="when a case that was put off returns to the queue")


class ReviewCasePage(Page[ReviewCase]):
    """In the order that was asked for."""


class QueueAmount(ResponseBody):
    currency: str = Field(examples=["BRL"])
    payments: int = Field(ge=0)
    amount_minor: int = Field(ge=0)


class ReviewSummaryQuery(RequestPart):
    timezone: TimeZone = Field(
        default="UTC", description="IANA name of the time zone in which today begins", examples=["America/Sao_Paulo"]
    )


class ReviewSummary(ResponseBody):
    """Counts are exact up to 10,000, where they stop."""

    open: int = Field(ge=0, description="without those that are put off", examples=[12])
    amounts: list[QueueAmount] = Field(description="of the open cases, the most payments first")
    mine: int = Field(ge=0, description="assigned to the caller or held by the caller", examples=[3])
    snoozed: int = Field(ge=0, examples=[2])
    oldest_at: datetime | None
    decided_today: int = Field(ge=0, examples=[41])
    frauds_today: int = Field(ge=0, description="of those that were decided today", examples=[2])
    median_seconds: float | None = Field(
        description="from opening a case to its verdict, today; null if no case was opened first", examples=[6.0]
    )


class Reviewer(ResponseBody):
    id: UUID
    email: str = Field(examples=["bia@loja.example"])


class ReviewerList(ResponseBody):
    items: list[Reviewer] = Field(description="in alphabetical order")


class LaterRequest(RequestPart):
    until: Moment = Field(description="at most 90 days ahead", examples=["2999-01-01T12:00:00Z"])


class AssignRequest(RequestPart):
    member: Text | None = Field(
        description="the email address of a member who may give verdicts; null takes the assignment back",
        examples=["bia@loja.example"],
    )


class CaseVerdictRequest(RequestPart):
    verdict: Literal[PaymentVerdict.FRAUD, PaymentVerdict.LEGITIMATE]
    reason: Text | None = Field(default=None, description="kept with the verdict; must not hold personal data")
    block_customer: bool = Field(default=False, description="also block the buyer; only with `fraud`", examples=[True])
    block_until: Moment | None = Field(
        default=None, description="when the block ends; never, if omitted", examples=["2999-01-01T12:00:00Z"]
    )


class CaseVerdictAccepted(ResponseBody):
    """The verdict is recorded, and the case is closed. The payment shows it within moments."""

    payment_id: str = Field(examples=["stripe:pi_3SVk2c"])
    verdict_id: UUID
    verdict: PaymentVerdict
    blocked_customer: str | None = Field(description="the customer that was blocked", examples=["cus_0d2f6a4b8c1e"])
    actor: str = Field(examples=["ana@loja.example"])
    accepted_at: datetime
    undo_until: datetime = Field(description="until then, the author may undo the verdict")


class CaseChangeKind(StrEnum):
    CLAIMED = "claimed"
    RELEASED = "released"
    POSTPONED = "postponed"
    ASSIGNED = "assigned"
    DECIDED = "decided"
    REOPENED = "reopened"


class ReviewCaseChange(ResponseBody):
    """The data of the stream event `review.changed`."""

    payment_id: str
    change: CaseChangeKind
    actor: str
    holder: CaseHolder | None
    assigned_to: str | None
    later_until: datetime | None
    at: datetime
