from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import CustomerId, Gateway, Page, PaymentId, RangeQuery, RequestPart, ResponseBody
from orylo_common.messages import Decision, DecisionWithout, ReasonPoints, RuleHit

EXAMPLE = (("velocity.card.1h", "velocity", 58), ("trust_history.new_customer", "trust_history", 4))

Reasons = Annotated[
    list[str], Field(description="codes, most points first", examples=[[reason for reason, _, _ in EXAMPLE]])
]
Points = Annotated[
    list[ReasonPoints],
    Field(
        description="one entry per reason, in the same order; they add up to `risk_score`. Earlier decisions have "
        "reasons without points",
        examples=[[{"reason": reason, "detector": detector, "points": points} for reason, detector, points in EXAMPLE]],
    ),
]
Override = Annotated[
    str | None,
    Field(
        description="what decided in place of the risk: the customer's status (`blocked`, `allowlisted`), a list "
        "entry, by its list and type (`block_list.ip`, `allow_list.email`, …), or `rule`; or `fuse`: a block by rules "
        "or by the risk is a review; or `degraded`: a detector was left out, and the tenant reviews what would be "
        "allowed then. The earliest decisions have the status as their first reason (`list.blocked`, "
        "`list.allowlisted`)",
        examples=["block_list.ip"],
    ),
]
RuleHits = Annotated[
    list[RuleHit],
    Field(
        description="the tenant's rules that are true of the payment, highest priority first, those in shadow last. "
        "The points that a rule added are in `points`, with the reason `custom_rules.<rule id>`; a rule in shadow "
        "added none",
        examples=[
            [
                {
                    "rule_id": "0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60",
                    "version": 3,
                    "name": "Expensive first order",
                    "mode": "shadow",
                    "action": "review",
                    "otherwise": "review",
                }
            ]
        ],
    ),
]


class DetectionPath(RequestPart):
    id: UUID


class DetectionQuery(RangeQuery):
    decision: Decision | None = None
    gateway: Gateway | None = None
    customer_id: CustomerId | None = None
    payment_id: PaymentId | None = None
    min_risk: int | None = Field(default=None, ge=0, le=100, description="with a risk score of at least this")
    current: bool | None = Field(
        default=None,
        description="true: only the current decision of each payment; false: only decisions replaced since",
    )


class DetectorScore(ResponseBody):
    name: str
    score: int = Field(ge=0, le=100)
    reasons: list[str]
    duration_us: int = Field(ge=0)
    otherwise: DecisionWithout | None = Field(
        default=None,
        description="the risk and the decision without what this detector found, all else being equal; of "
        "`custom_rules`, without any rule. Null if it found nothing, and in decisions of earlier versions",
        examples=[{"risk_score": 33, "decision": "allow"}],
    )


class Detection(ResponseBody):
    id: UUID
    event_id: str
    payment_id: str
    payment_type: str = Field(description="type of the message decided on, such as payment.succeeded.v1")
    gateway: str
    customer_id: str | None
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    reasons: Reasons
    points: Points = Field(default=[])
    override: Override = None
    rules: RuleHits = Field(default=[])
    detectors: list[DetectorScore]
    degraded: list[str] = Field(
        description="detectors, and rules as `custom_rules.<id>`, left out because they were late or failed"
    )
    amount_minor: int = Field(ge=0, description="in the currency's minor unit")
    currency: str
    occurred_at: datetime = Field(description="when the payment event happened, by the gateway's clock")
    created_at: datetime = Field(description="when the decision was made")
    version: int = Field(
        ge=0, description="increases with each decision on the payment, with gaps; 0 for decisions of earlier versions"
    )
    replaces: UUID | None = Field(description="the payment's decision before this one")
    replaced_by: UUID | None = Field(
        description="the payment's current decision, if this is no longer it; always null in the stream"
    )


class DetectionPage(Page[Detection]):
    pass
