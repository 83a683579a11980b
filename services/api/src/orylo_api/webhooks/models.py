from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import Gateway, Page, PaymentId, RangeQuery, RequestPart, ResponseBody
from orylo_api.payments.models import PaymentState

EventType = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class WebhookState(StrEnum):
    ACCEPTED = "accepted"
    # Another webhook had reported the same.
    ALREADY_REPORTED = "already_reported"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"
    CONFLICT = "conflict"
    REFUSED = "refused"


class ListedState(StrEnum):
    """The states of webhooks, and one that events of any state may have besides."""

    ACCEPTED = "accepted"
    ALREADY_REPORTED = "already_reported"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"
    CONFLICT = "conflict"
    REFUSED = "refused"
    DUPLICATE = "duplicate"


STATE = (
    "accepted: published; already_reported: another webhook had reported the same; ignored: understood, and of no "
    "interest; quarantined: not understood; conflict: the event arrived before with another body, which is kept; "
    "refused: not authentic or not readable, so its body was not stored"
)


class WebhookPath(RequestPart):
    id: UUID = Field(description="the webhook's id", examples=["6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f"])


class WebhookQuery(RangeQuery):
    gateway: Gateway | None = Field(default=None, description="the gateway that sent it", examples=["stripe"])
    type: EventType | None = Field(
        default=None, description="the gateway's own type of the event", examples=["charge.succeeded"]
    )
    state: ListedState | None = Field(
        default=None, description=f"{STATE}; duplicate: delivered more than once, in any state"
    )
    payment: PaymentId | None = Field(
        default=None, description="the payment that it reports on", examples=["stripe:pi_3QK9xY"]
    )


class ReceivedWebhook(ResponseBody):
    """An event of a gateway, or the refused webhooks of one gateway within one minute for one reason."""

    id: UUID = Field(description="the event's id, however often it was delivered")
    state: WebhookState = Field(description=STATE)
    gateway: str = Field(description="`unknown` if the URL of a refused webhook names no known gateway")
    type: str | None = Field(
        description="the gateway's own type of the event; null if refused", examples=["payment_intent.succeeded"]
    )
    gateway_event_id: str | None = Field(description="the gateway's own id of the event")
    payment_id: str | None = Field(description="the payment that it reports on")
    message_type: str | None = Field(description="type of the message that was published for it")
    status: int = Field(description="HTTP status of the response to the first delivery")
    code: str | None = Field(description="why it was refused, for programs", examples=["signature_mismatch"])
    reason: str | None = Field(description="why it was ignored, quarantined, in conflict or refused, for people")
    deliveries: int = Field(ge=1, description="how often it was delivered; of refused ones, how many there were")
    remote: str | None = Field(description="sender's address of the last refused one")
    occurred_at: datetime | None = Field(description="when the event happened, according to the gateway")
    created_at: datetime = Field(description="when it was received first; of refused ones, the minute")
    last_received_at: datetime


class ReceivedWebhookPage(Page[ReceivedWebhook]):
    pass


class ConflictingDelivery(ResponseBody):
    """A delivery of the same event with another body. It is stored, without effect."""

    id: UUID
    received_at: datetime


class WebhookPayment(ResponseBody):
    """The payment that a webhook reports on, as it is now."""

    id: str = Field(examples=["stripe:pi_3SVk2cLqkz8JbX1y0A9dQwZp"])
    state: PaymentState
    amount_minor: int = Field(ge=0)
    currency: str
    test: bool = Field(description="a test event, which does not count as a sale")
    created_at: datetime


class ReceivedWebhookDetails(ReceivedWebhook):
    payload_bytes: int = Field(ge=0, description="size of the scrubbed copy; 0 if refused")
    repeated_first_at: datetime | None = Field(description="when it was delivered for the second time")
    conflicts: list[ConflictingDelivery] = Field(description="newest first, at most 50")
    conflicts_with: UUID | None = Field(description="the event whose body is kept, for a webhook in conflict")
    payment: WebhookPayment | None = Field(description="null if it reports on none, or the payment is not known yet")


class WebhookPayload(ResponseBody):
    payload: Any = Field(
        description="the body as received: personal values are hashed, secrets removed and card numbers masked"
    )


class ResendStatus(StrEnum):
    PUBLISHED = "published"
    ALREADY_REPORTED = "already_reported"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


class ResendOutcome(ResponseBody):
    id: UUID
    status: ResendStatus = Field(
        description="published: its facts are reported now; already_reported: they were before, so none is repeated; "
        "ignored and quarantined as before"
    )
    message_type: str | None = Field(
        description="the message that was published now; `payment.enriched.v1` completes a sale that was reported"
    )
    reason: str | None = Field(description="why it is ignored or still in quarantine")


class WebhookReceipt(ResponseBody):
    """Webhooks of one gateway that were received together. The fields describe the last of them."""

    gateway: str
    type: str = Field(description="the gateway's own type of the event", examples=["payment_intent.succeeded"])
    state: WebhookState
    webhook_id: str = Field(
        description="the event's id, as lists return it", examples=["6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f"]
    )
    payment_id: str | None
    test: bool
    count: int = Field(ge=1)
    received_at: datetime


class WebhookRefusal(ResponseBody):
    """Webhooks of one gateway that were refused together, for one reason."""

    gateway: str
    status: int = Field(description="HTTP status of the responses", examples=[401])
    code: str = Field(description="the reason, for programs", examples=["signature_mismatch"])
    reason: str = Field(
        description="what was wrong and how to fix it",
        examples=["The signature matches none of the secrets set for this gateway."],
    )
    count: int = Field(ge=1)
    remote: str | None
    refused_at: datetime
