from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import Page, RangeQuery, RequestPart, ResponseBody


class JobPath(RequestPart):
    id: UUID = Field(description="the job's id, as it was returned when the job was started")


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


class JobQuery(RangeQuery):
    state: JobState | None = Field(default=None, description="only in this state", examples=["running"])
    kind: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_.]+$")] | None = Field(
        default=None, description="such as `backtest` or `dead_letters.bulk`", examples=["backtest"]
    )


class Job(ResponseBody):
    """Work that outlasts a request. It survives restarts, and continues after its last saved step."""

    id: UUID
    kind: str = Field(examples=["dead_letters.bulk"])
    state: JobState
    done: int = Field(ge=0, description="items that are done", examples=[151])
    total: int | None = Field(ge=0, description="all items; null until they are counted", examples=[214])
    counts: dict[str, int] = Field(
        description="results by name, as the kind defines them", examples=[{"replayed": 149, "failed_again": 2}]
    )
    error: str | None = Field(description="why it failed", examples=["The file has no payments."])
    result: str | None = Field(
        description="path of the result, once it is done",
        examples=["/api/v1/backtests/0199a6a5-6c1e-7a2b-8d3e-000000000001"],
    )
    result_until: datetime | None = Field(
        description="when the result is deleted, if that is before the job is, as for files of exports"
    )
    started_by: str = Field(description="a user's email address, or an API key's name", examples=["ana@example.com"])
    cancel_requested_at: datetime | None = Field(description="it is canceled after its current step")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    kept_until: datetime | None = Field(
        description="when the job is deleted; null until it ends, and for receipts of erasures"
    )


class JobPage(Page[Job]):
    pass
