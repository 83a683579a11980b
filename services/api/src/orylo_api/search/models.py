"""Requests and hits of the search."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from orylo_api.http.fields import RequestPart, ResponseBody
from orylo_api.payments.models import PaymentState
from orylo_common.messages import Decision, TrustStatus

# Hits of each kind.
MAX_HITS = 10


Pasted = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=550, pattern=r"^[^\x00]*$")]


class SearchRequest(RequestPart):
    text: Pasted = Field(
        description="an id, the beginning of a payment id, an order id, an email address, a phone number, a document, "
        "or the address of a page of the dashboard",
        examples=["ana@example.com"],
        repr=False,
    )


class FoundBy(StrEnum):
    ID = "id"
    ORDER_ID = "order_id"
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"


class PaymentHit(ResponseBody):
    kind: Literal["payment"] = "payment"
    id: str = Field(examples=["hotmart:HP7741"])
    path: str = Field(description="of its page in the dashboard", examples=["/payments/hotmart%3AHP7741"])
    found_by: FoundBy
    state: PaymentState
    amount_minor: int = Field(ge=0)
    currency: str
    order_id: str | None = Field(examples=["1047"])
    created_at: datetime


class CustomerHit(ResponseBody):
    kind: Literal["customer"] = "customer"
    id: str = Field(examples=["cus_0d2f6a4b8c1e"])
    path: str = Field(description="of its page in the dashboard", examples=["/customers/cus_0d2f6a4b8c1e"])
    found_by: FoundBy
    trust_score: int = Field(ge=0, le=100)
    status: TrustStatus


class DecisionHit(ResponseBody):
    kind: Literal["decision"] = "decision"
    id: str = Field(examples=["0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60"])
    path: str = Field(description="of its payment's page", examples=["/payments/hotmart%3AHP7741"])
    found_by: FoundBy
    payment_id: str
    decision: Decision
    risk_score: int = Field(ge=0, le=100)


class ConversionHit(ResponseBody):
    kind: Literal["conversion"] = "conversion"
    id: str = Field(examples=["0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60"])
    path: str = Field(description="of its payment's page", examples=["/payments/hotmart%3AHP7741"])
    found_by: FoundBy
    payment_id: str
    status: str = Field(examples=["dispatched"])
    destination: str


Hit = Annotated[PaymentHit | CustomerHit | DecisionHit | ConversionHit, Field(discriminator="kind")]


class SearchResult(ResponseBody):
    hits: list[Hit] = Field(description=f"the best first, at most {MAX_HITS} of each kind")
