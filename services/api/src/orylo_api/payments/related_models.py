"""Payments that share something with a payment."""

from pydantic import Field

from orylo_api.http.fields import PageQuery, ResponseBody
from orylo_api.payments.link_keys import SharedValue
from orylo_api.payments.list_models import ListedPayment

# Related payments that are counted for each link, the newest.
MAX_COUNTED = 500
MAX_RELATED = 50


class RelatedQuery(PageQuery):
    limit: int = Field(default=10, ge=1, le=MAX_RELATED, description="payments of each link", examples=[10])
    link: SharedValue | None = Field(
        default=None, description="only what shares this; needed with a `cursor`", examples=["card"]
    )


class RelatedAmount(ResponseBody):
    """Money of related payments in one currency, in any state."""

    currency: str = Field(examples=["BRL"])
    payments: int = Field(ge=1, examples=[4])
    amount_minor: int = Field(ge=0, examples=[198800])


class RelatedPayments(ResponseBody):
    """The other payments with the same card, device, …, newest first."""

    link: SharedValue
    payments: int = Field(ge=0, le=MAX_COUNTED, examples=[4])
    complete: bool = Field(description=f"false if there are more than the {MAX_COUNTED} newest, which are counted")
    fraud: int = Field(ge=0, description="how many were fraud, by verdict, dispute or fraud warning", examples=[1])
    amounts: list[RelatedAmount] = Field(description="by currency, the most payments first")
    items: list[ListedPayment]
    next_cursor: str | None


class Related(ResponseBody):
    groups: list[RelatedPayments] = Field(description="of each link that the payment has, even if no other shares it")
