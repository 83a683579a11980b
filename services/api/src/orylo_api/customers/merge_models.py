from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from orylo_api.http.examples import OTHER_CUSTOMER_ID
from orylo_api.http.fields import CustomerId, Page, PageQuery, RequestPart, ResponseBody, Text


class CustomerMerge(ResponseBody):
    """A customer became one person with others, or was separated from them."""

    customer_id: str
    version: int = Field(description="counts the customer's merges and unmerges from 1")
    people: list[str] | None = Field(
        description="the customers of the person from then on; none, if it was separated from all others"
    )
    actor: str | None = Field(description="who decided it; none, if it follows from what the customers share")
    reason: str | None
    occurred_at: datetime


class CustomerMerges(ResponseBody):
    people: list[str] = Field(description="the customers that are this person now; the first represents the person")
    merges: list[CustomerMerge] = Field(description="the latest of any of these customers, newest first")


class MergeRequest(RequestPart):
    other: CustomerId = Field(description="the customer that is the same person", examples=[OTHER_CUSTOMER_ID])
    reason: Text = Field(description="stored with the change; must not hold personal data")


class UnmergeRequest(RequestPart):
    reason: Text = Field(description="stored with the change; must not hold personal data")


class MergeAccepted(ResponseBody):
    """The decision is recorded. The customers show it within moments."""

    customer_id: CustomerId
    same_as: str | None = Field(
        description="the other customer; none, if the customer is separate from all others from now on"
    )
    reason: str
    actor: str
    accepted_at: datetime


class MergeReviewState(StrEnum):
    OPEN = "open"
    DISMISSED = "dismissed"


class MergeReviewQuery(PageQuery):
    state: MergeReviewState | None = MergeReviewState.OPEN


class MergeReviewPath(RequestPart):
    id: UUID


class MergeReview(ResponseBody):
    """Customers that share an identifier and are not merged, because a limit is exceeded. Merge those that are one."""

    id: UUID
    exceeded: Literal["customers_per_identifier", "identifiers_per_customer", "customers"] = Field(
        description="the limit, as in the tenant's setting `merge_…` of section `trust`"
    )
    customers: list[str] = Field(description="at most 50 of them")
    state: MergeReviewState
    dismissed_at: datetime | None
    dismissed_by: str | None
    dismissed_reason: str | None
    created_at: datetime


class MergeReviewPage(Page[MergeReview]):
    pass


class DismissRequest(RequestPart):
    reason: Text = Field(description="stored with the review; must not hold personal data")
