"""Everything that is known about one payment."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from orylo_api.actions.models import PaymentAction
from orylo_api.conversions.models import Conversion, ConversionDelivery
from orylo_api.detections.models import Detection
from orylo_api.http.fields import ResponseBody
from orylo_api.payments.models import Payment
from orylo_api.webhooks.models import ReceivedWebhook
from orylo_common.messages import TrustStatus

# Items of each part.
MAX_ITEMS = 100


class PartStatus(StrEnum):
    OK = "ok"
    MISSING = "missing"
    FAILED = "failed"


Item = TypeVar("Item", bound=BaseModel)


class StoryPart(ResponseBody, Generic[Item]):
    status: PartStatus = Field(
        description="`missing`: there is nothing (see `outlook`); `failed`: its source did not answer, try again"
    )
    items: list[Item] = Field(description=f"oldest first, at most {MAX_ITEMS}")


class TrustEffect(ResponseBody):
    """A change of the buyer's trust score that followed from the payment."""

    customer_id: str
    version: int = Field(ge=1, examples=[7])
    score_before: int = Field(ge=0, le=100, examples=[52])
    score_after: int = Field(ge=0, le=100, examples=[2])
    status: TrustStatus
    cause: str = Field(examples=["dispute_opened"])
    actor: str | None = Field(description="who changed it, if a person did")
    reason: str | None = Field(description="the reason they gave", examples=["card testing"])
    occurred_at: datetime


class StoryDelivery(ConversionDelivery):
    """A conversion as dispatch has it, with its attempts."""

    conversion_id: UUID


class FraudSign(ResponseBody):
    """A verdict, a dispute or a fraud warning. Of several reports about one, the newest counts."""

    kind: str = Field(description="verdict, dispute or warning", examples=["verdict"])
    id: str | None = Field(description="the gateway's id of the dispute or warning", examples=["dp_1"])
    sign: str = Field(
        description="judged_fraud, judged_legitimate, not_judged (the verdict was withdrawn), disputed, dispute_won, "
        "dispute_lost or warned",
        examples=["judged_fraud"],
    )
    actor: str | None = Field(description="who gave the verdict")
    reason: str | None = Field(description="of the verdict", examples=["card testing"])
    at: datetime


class AuditedAction(ResponseBody):
    """A change to the payment or its buyer by a person or a program, from the audit log."""

    id: UUID
    at: datetime
    actor: str
    action: str = Field(examples=["payment.give_verdict"])
    subject: str = Field(examples=["payment stripe:pi_3SVk2cLqkz8JbX1y0A9dQwZp"])
    before: dict[str, Any] | None = Field(examples=[{"verdict": "withdrawn"}])
    after: dict[str, Any] | None = Field(examples=[{"verdict": "fraud"}])


class WebhooksPart(StoryPart[ReceivedWebhook]):
    """The gateway's authentic events about the payment, in any state. Ingest keeps them for 90 days."""


class DecisionsPart(StoryPart[Detection]):
    pass


class TrustPart(StoryPart[TrustEffect]):
    pass


class ConversionsPart(StoryPart[Conversion]):
    pass


class DeliveriesPart(StoryPart[StoryDelivery]):
    pass


class ActionsPart(StoryPart[PaymentAction]):
    pass


class FraudSignsPart(StoryPart[FraudSign]):
    pass


class AuditPart(StoryPart[AuditedAction]):
    pass


class StoryStep(ResponseBody):
    """One step of the timeline, which names the item of a part that it is about."""

    at: datetime
    offset_ms: int = Field(
        ge=0, description="after the first webhook arrived; 0 for times before it, by the gateway's clock", examples=[8]
    )
    part: str = Field(
        description="webhooks, decisions, trust, conversions, deliveries, actions, fraud_signs or audit",
        examples=["decisions"],
    )
    kind: str = Field(
        description="what happened: a webhook's type, `decided`, a cause of trust, `matched`, `attempted`, "
        "`dispatched`, `failed`, `suppressed`, an action's status, a sign, an audited action",
        examples=["decided"],
    )
    id: str = Field(description="of the item", examples=["0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60"])
    detail: str | None = Field(
        description="a webhook's state, or `duplicate` for its last repeated delivery; the decision, "
        "the match's method, the attempt's number and outcome, the reason",
        examples=["block"],
    )


class OutlookTime(StrEnum):
    NOT_YET = "not_yet"
    NEVER = "never"


class Outlook(ResponseBody):
    """Something that has not happened to the payment, and why."""

    part: str = Field(description="decisions, trust, conversions or actions", examples=["conversions"])
    when: OutlookTime = Field(description="`never`: not unless something else changes")
    code: str = Field(examples=["no_destination"])
    reason: str = Field(description="a sentence for people", examples=["No destination is switched on."])
    id: str | None = Field(description="of the conversion, if it is about one", examples=[None])
    due_at: datetime | None = Field(description="when it is due, if that is known", examples=[None])


class PaymentStory(ResponseBody):
    payment: Payment
    webhooks: WebhooksPart
    decisions: DecisionsPart
    trust: TrustPart
    conversions: ConversionsPart
    deliveries: DeliveriesPart
    actions: ActionsPart
    fraud_signs: FraudSignsPart
    audit: AuditPart
    timeline: list[StoryStep] = Field(default=[], description="the steps of all parts, in order")
    outlook: list[Outlook] = Field(
        default=[], description="steps that are still to come, or never will, with the reason"
    )
    generated_at: datetime
