from datetime import datetime
from enum import StrEnum

from pydantic import Field

from orylo_api.http.fields import ResponseBody


class AttentionCode(StrEnum):
    """In order of urgency: what stops money or protection first."""

    FUSE_TRIPPED = "fuse_tripped"
    FAILED_MONEY = "failed_money"
    DESTINATION_ON_HOLD = "destination_on_hold"
    DEAD_LETTERS = "dead_letters"
    QUARANTINE = "quarantine"
    WEBHOOKS_REJECTED = "webhooks_rejected"
    BLOCKED_BUT_PAID = "blocked_but_paid"
    TO_REVIEW = "to_review"
    MERGE_REVIEWS = "merge_reviews"


class AttentionAmount(ResponseBody):
    currency: str = Field(examples=["BRL"])
    amount_minor: int = Field(ge=0, description="in the currency's minor unit", examples=[231000])


class AttentionItem(ResponseBody):
    code: AttentionCode
    count: int = Field(ge=1, description="exact up to 10,000, where all but `blocked_but_paid` stop", examples=[6])
    amounts: list[AttentionAmount] = Field(description="empty where it is about no money")
    since: datetime | None = Field(description="of the oldest; of `blocked_but_paid`, the start of its hour")
    subject: str | None = Field(
        description="what it is about, if there may be several: a gateway or a destination", examples=["kiwify"]
    )
    reason: str | None = Field(
        description="a code where there is one, of the rejection or of the destination", examples=["signature_mismatch"]
    )
    detail: str | None = Field(description="the cause and the remedy, as a sentence")
    link: str = Field(description="the dashboard's page that lists it", examples=["/review"])


class Attention(ResponseBody):
    generated_at: datetime
    items: list[AttentionItem] = Field(description="the most urgent first; empty if nothing needs a person")
