from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from orylo_api.http.fields import (
    Gateway,
    Moment,
    Page,
    PageQuery,
    PaymentId,
    Range,
    RequestPart,
    ResponseBody,
    Several,
    Text,
)
from orylo_api.jobs.bulk_models import MAX_ITEMS, Ids, check_selects_once


class ConversionPath(RequestPart):
    id: UUID


class ConversionStatus(StrEnum):
    PENDING = "pending"
    DISPATCHED = "dispatched"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class MatchMethod(StrEnum):
    CLICK_ID = "click_id"
    FBC = "fbc"
    FBP = "fbp"
    EMAIL = "email"
    PHONE = "phone"
    IP_USER_AGENT = "ip_user_agent"
    NONE = "none"


class ConversionFilters(Range):
    status: ConversionStatus | None = None
    destination: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")] | None = None
    payment_id: PaymentId | None = None
    gateway: Several[Gateway] | None = Field(
        default=None, description="of the payment", examples=[["stripe", "hotmart"]]
    )
    method: Several[MatchMethod] | None = Field(
        default=None, description="how the sale was matched to a click", examples=[["email", "phone"]]
    )
    cause: Text | None = Field(
        default=None,
        description="why it failed or was suppressed: the destination's own error code, or else the start of `reason`",
        examples=["190"],
    )


class ConversionQuery(ConversionFilters, PageQuery):
    pass


class WaitCause(StrEnum):
    DESTINATION_ON_HOLD = "destination_on_hold"
    DESTINATION_THROTTLED = "destination_throttled"
    DESTINATION_UNAVAILABLE = "destination_unavailable"
    DESTINATION_DISABLED = "destination_disabled"


class ConversionWait(ResponseBody):
    """Why a pending conversion is not sent now. It is sent once the cause ends, up to seven days after the payment."""

    cause: WaitCause = Field(description="`destination_on_hold` lasts until a person changes the destination")
    reason: str | None = Field(description="the destination's answer and what to do")
    code: str | None = Field(description="the destination's own code")
    since: datetime | None = Field(description="when the destination stopped; null if it is disabled")


class ConversionMatch(ResponseBody):
    method: str = Field(description="click_id, fbc, fbp, email, phone, ip_user_agent or none")
    confidence: float = Field(ge=0, le=1)
    click_id: str | None
    tried: list[str] | None = Field(
        description="methods that the payment has values for and that found no click, in the order they were tried; "
        "null for conversions from before they were recorded",
        examples=[["click_id", "fbc"]],
    )
    utm: dict[str, str] | None = Field(
        description="`source`, `medium`, `campaign`, `content` and `term` of the click's landing page, as far as it "
        "had them, cut to 200 characters each",
        examples=[{"source": "facebook", "campaign": "black-friday"}],
    )


class Conversion(ResponseBody):
    id: UUID
    event_id: str
    payment_id: str
    destination: str = Field(description="the destination's kind, such as meta")
    destination_id: UUID
    event_name: str
    status: ConversionStatus
    match: ConversionMatch
    attempts: int = Field(ge=0)
    reason: str | None = Field(description="why it failed or was suppressed")
    code: str | None = Field(description="the destination's own error code")
    amount_minor: int = Field(ge=0)
    currency: str
    correction: str | None = Field(
        description="why a conversion that was sent, or may have been, should not have been: `blocked`, if a newer "
        "decision blocks the payment. The destination is not informed",
        examples=["blocked"],
    )
    waiting_for: ConversionWait | None = Field(description="only while pending; always null in the stream")
    created_at: datetime
    updated_at: datetime


class ConversionPage(Page[Conversion]):
    pass


class ListedAttempt(ResponseBody):
    number: int = Field(ge=1)
    at: datetime
    outcome: str = Field(
        description="dispatched, refused, transient, throttled, unknown, token or configuration",
        examples=["dispatched"],
    )
    code: str | None = Field(description="the destination's own code")
    reason: str | None = Field(description="a sentence for people")
    duration_ms: int | None = Field(description="null if the attempt was interrupted")
    trace_id: str | None = Field(
        description="the destination's id of the call, such as Meta's `fbtrace_id`", examples=["AbCdEf012345"]
    )


class ConversionDelivery(ResponseBody):
    state: str = Field(
        description="held: waits for a decision. pending: is or will be sent; or as in `status`",
        examples=["dispatched"],
    )
    next_attempt_at: datetime | None = Field(description="null if none will follow, or one is in progress")
    event: dict[str, Any] | None = Field(
        description="as the destination gets or got it: hashed, and without the buyer's address and browser",
        examples=[{"event_name": "Purchase", "event_id": "stripe:pi_3SVk2cLqkz8JbX1y0A9dQwZp"}],
    )
    attempts: list[ListedAttempt] = Field(description="newest first, 200 at most")


class SendBody(RequestPart):
    reason: Text = Field(
        description="why it is sent although the payment is blocked, for the audit log; must not hold personal data",
        examples=["the buyer is known to us"],
    )


class RetryFilter(RequestPart):
    """All of the conditions apply. Without any, every failed conversion is selected."""

    destination: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")] | None = Field(
        default=None, description="the kind of destination", examples=["meta"]
    )
    destination_id: UUID | None = Field(default=None, description="of one destination")
    cause: Text | None = Field(
        default=None,
        description="the destination's own error code, or else the start of the reason",
        examples=["190"],
    )
    from_: Moment | None = Field(default=None, alias="from", description="failed at or after")
    to: Moment | None = Field(default=None, description="failed before")


class RetryBody(RequestPart):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"filter": {"destination": "meta", "cause": "190"}, "dry_run": True}]}
    )

    ids: Ids | None = Field(default=None, description="at most 1,000 conversions; instead of `filter`")
    filter: RetryFilter | None = Field(default=None, description="instead of `ids`")
    expected: int | None = Field(
        default=None,
        ge=0,
        le=MAX_ITEMS,
        description="the `count` of the dry run: 409 `count_changed` if another number is selected now",
        examples=[214],
    )
    dry_run: bool = Field(default=False, description="count what would be sent again, and do nothing")

    @model_validator(mode="after")
    def _selects_once(self) -> Self:
        check_selects_once(self.ids, self.filter)
        return self
