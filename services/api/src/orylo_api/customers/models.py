from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from orylo_api.detections.models import Override, Points, Reasons
from orylo_api.http.examples import CUSTOMER_ID
from orylo_api.http.fields import CustomerId, Moment, PageQuery, RequestPart, ResponseBody, Several, Text
from orylo_api.payments.models import PaymentState
from orylo_common.messages import Decision, TrustStatus

MAX_IDS = 100


class CustomerPath(RequestPart):
    id: CustomerId


def _few(ids: str) -> str:
    if len(ids.split(",")) > MAX_IDS:
        raise ValueError(f"must be at most {MAX_IDS} ids")
    return ids


CustomerIds = Annotated[
    str, StringConstraints(min_length=1, max_length=8000, pattern=r"^[^\x00]*$"), AfterValidator(_few)
]


class CustomerFilters(RequestPart):
    ids: CustomerIds | None = Field(default=None, description=f"only these: at most {MAX_IDS}, separated by commas")
    status: Several[TrustStatus] | None = Field(
        default=None, description="with one of these, separated by commas", examples=[["blocked", "allowlisted"]]
    )
    min_trust: int | None = Field(default=None, ge=0, le=100, description="with a trust score of at least this")
    max_trust: int | None = Field(default=None, ge=0, le=100, description="with a trust score of at most this")
    first_seen_from: Moment | None = Field(default=None, description="first seen at or after")
    first_seen_to: Moment | None = Field(default=None, description="first seen before")
    last_seen_from: Moment | None = Field(default=None, description="last seen at or after: the newest payment")
    last_seen_to: Moment | None = Field(default=None, description="last seen before")


class CustomerQuery(CustomerFilters, PageQuery):
    pass


class CustomerSummary(ResponseBody):
    id: str = Field(examples=[CUSTOMER_ID])
    trust_score: int = Field(ge=0, le=100)
    status: TrustStatus
    status_expires_at: datetime | None = Field(description="when the status ends and the customer is neutral again")
    created_at: datetime = Field(description="first seen")
    updated_at: datetime = Field(description="score or status last changed")
    people: list[str] = Field(
        description="the customers that are the same person; the first represents the person that all fields describe"
    )


class PaymentEntry(ResponseBody):
    kind: Literal["payment"] = "payment"
    at: datetime
    payment_id: str
    gateway: str
    state: PaymentState
    amount_minor: int
    currency: str


class DetectionEntry(ResponseBody):
    kind: Literal["detection"] = "detection"
    at: datetime
    detection_id: UUID
    payment_id: str
    decision: Decision
    risk_score: int
    reasons: Reasons
    points: Points = Field(default=[])
    override: Override = None


class TrustEntry(ResponseBody):
    kind: Literal["trust"] = "trust"
    at: datetime
    version: int
    score_before: int
    score_after: int
    status: TrustStatus
    cause: str
    actor: str | None = Field(description="who set the status or corrected the score, if that is the cause")
    reason: str | None = Field(description="the reason they gave")


HistoryEntry = Annotated[PaymentEntry | DetectionEntry | TrustEntry, Field(discriminator="kind")]


class Customer(CustomerSummary):
    history: list[HistoryEntry] = Field(description="the latest of each kind, newest first")


class ScoreCause(ResponseBody):
    cause: str
    points: int


class CustomerScore(ResponseBody):
    """`start` and the points of all causes add up to `total`, which is limited to 0 to 100 for the score."""

    customer_id: str
    trust_score: int = Field(ge=0, le=100)
    start: int
    causes: list[ScoreCause] = Field(description="most points first, gained or lost")
    total: int
    version: int = Field(description="of the latest change that the score includes; 0 before the first")
    status: TrustStatus
    status_expires_at: datetime | None


class LookupKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"
    ORDER_ID = "order_id"
    CUSTOMER_ID = "customer_id"


class StatusRequest(RequestPart):
    status: TrustStatus
    expires_at: Moment | None = Field(
        default=None, description="when the status ends and the customer is neutral again; never, if omitted"
    )
    reason: Text = Field(description="stored with the change; must not hold personal data")


class CustomerStatus(ResponseBody):
    """The status of the person that a customer is, and who set it."""

    customer_id: str = Field(description="the customer that represents the person")
    status: TrustStatus
    expires_at: datetime | None = Field(description="when it ends and the customer is neutral again; null: never")
    set_at: datetime | None = Field(description="null if it was never set")
    actor: str | None = Field(description="who set it")
    reason: str | None


class StatusAccepted(ResponseBody):
    """The change is recorded. The customer shows it within moments."""

    customer_id: CustomerId
    status: TrustStatus
    expires_at: datetime | None
    reason: str
    actor: str
    accepted_at: datetime


class CorrectionRequest(RequestPart):
    points: int = Field(ge=-100, le=100, description="added to the trust score; negative points are taken away; not 0")
    reason: Text = Field(description="stored with the change; must not hold personal data")


class CorrectionAccepted(ResponseBody):
    """The correction is recorded. The customer shows it within moments. To undo it, correct by the opposite points."""

    customer_id: CustomerId
    correction_id: UUID
    points: int
    reason: str
    actor: str
    accepted_at: datetime


class CustomerSeen(ResponseBody):
    """The data of the stream event `customer.seen`: the trust score of a customer that a decision names."""

    customer_id: str
    trust_score: int = Field(ge=0, le=100)
    version: int = Field(description="of the latest change of trust that the score includes; 0 before the first")
    updated_at: datetime = Field(description="score or status last changed")


class TrustChange(ResponseBody):
    """The data of the stream event `trust.updated`."""

    customer_id: str
    version: int
    score_before: int
    trust_score: int
    status: TrustStatus
    cause: str
    occurred_at: datetime
