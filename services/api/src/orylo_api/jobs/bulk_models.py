"""Bulk actions of all subjects, as requests and responses carry them."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from orylo_api.http.fields import RequestPart, ResponseBody, Text
from orylo_api.jobs.models import Job

MAX_IDS = 1_000
# Of one job; a filter that selects more is to be narrowed.
MAX_ITEMS = 100_000
BULK = """\
With `dry_run` it only counts what is selected, and what cannot be settled and why. Otherwise a job (`GET
/api/v1/jobs/{id}`) settles each item as its own route does, at most 80 a second. Its `counts` are `replayed` or
`discarded`, `skipped` (settled by someone else meanwhile) and `failed_again`. Items that
arrive later are not part of it. """


class BulkAction(StrEnum):
    REPLAY = "replay"
    DISCARD = "discard"


# Of a request, in place of a filter.
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MAX_IDS)]


class BulkRequest(RequestPart):
    """A subclass adds `ids` and `filter`. One of them selects the items, of which only open ones count."""

    action: BulkAction
    reason: Text | None = Field(default=None, description="why they are discarded; required for that")
    expected: int | None = Field(
        default=None,
        ge=0,
        le=MAX_ITEMS,
        description="the `count` of the dry run: 409 `count_changed` if another number is selected now. Required to "
        "discard",
        examples=[214],
    )
    dry_run: bool = Field(default=False, description="count what would be done, and do nothing")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.action is BulkAction.DISCARD and not self.dry_run:
            if self.reason is None:
                raise ValueError("give the reason for discarding them")
            if self.expected is None:
                raise ValueError("give the expected count, from a dry run")
        return self


def check_selects_once(ids: object | None, where: object | None) -> None:
    """Raise `ValueError` unless one of them is given."""
    if (ids is None) == (where is None):
        raise ValueError("give either ids or filter")


class Obstacle(StrEnum):
    """Why an item cannot be part of it."""

    TOO_OLD = "too_old"
    GONE = "gone"
    CONFLICT = "conflict"
    ALREADY_SETTLED = "already_settled"
    NOT_FOUND = "not_found"


class MoneyTotal(ResponseBody):
    currency: str = Field(examples=["BRL"])
    amount_minor: int = Field(ge=0, description="in minor units", examples=[1230000])


class ObstacleCount(ResponseBody):
    reason: Obstacle = Field(
        description="`too_old`: the destination accepts sales for 7 days; `gone`: deleted or erased since; `conflict`: "
        "a contradiction is never replayed; `already_settled`; `not_found`"
    )
    count: int = Field(ge=1, examples=[3])


class BulkPlan(ResponseBody):
    """What would be done, or what the job does."""

    dry_run: bool
    action: BulkAction
    count: int = Field(ge=0, description="items that can be settled now", examples=[214])
    cannot: list[ObstacleCount] = Field(description="items that cannot, and are left as they are")
    money: list[MoneyTotal] = Field(
        description="amounts of the payments of those that can, by currency, the largest first. Each payment counts "
        "once; a message that names no known payment has no amount"
    )
    job: Job | None = Field(description="the job that does it; null for a dry run, or if there is nothing to do")
