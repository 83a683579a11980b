from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from orylo_api.dead_letters.selection import DeadLetterFilter
from orylo_api.http.fields import Page, PageQuery, RequestPart, ResponseBody, Text
from orylo_api.jobs.bulk_models import BulkRequest, Ids, check_selects_once


class DeadLetterPath(RequestPart):
    id: UUID


class DeadLetterState(StrEnum):
    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    # A failed conversion that was delivered later.
    RESOLVED = "resolved"


class DeadLetterQuery(PageQuery):
    state: DeadLetterState | None = None
    source: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")] | None = None


class DeadLetterSummary(ResponseBody):
    id: UUID
    source: str = Field(description="the service that could not handle it: ingest, detector, trust, dispatch or api")
    kind: Literal["message", "conversion", "action"]
    type: str | None = Field(description="the message's type; null if the message cannot be read")
    subject: str | None = Field(description="the payment, customer or conversion it concerns")
    reason: str
    code: str | None = Field(description="the destination's or the payment provider's own error code")
    attempts: int = Field(ge=0)
    state: DeadLetterState
    first_failed_at: datetime
    created_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    settled_reason: str | None


class DeadLetterPage(Page[DeadLetterSummary]):
    pass


class EarlierDeadLetter(ResponseBody):
    id: UUID
    reason: str
    attempts: int
    state: DeadLetterState
    first_failed_at: datetime
    settled_at: datetime | None
    settled_by: str | None


class DeadLetter(DeadLetterSummary):
    payload: Any = Field(description="the message as it was; if it is not JSON, {`base64`: …}")
    history: list[EarlierDeadLetter] = Field(description="other dead letters of the same subject, newest first")


class DiscardRequest(RequestPart):
    reason: Text


class DeadLetterGroupQuery(DeadLetterFilter):
    pass


class DeadLetterBulk(BulkRequest):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"filter": {"source": "dispatch", "cause": "190"}, "action": "replay", "expected": 214}]
        }
    )

    ids: Ids | None = Field(default=None, description="at most 1,000 dead letters; instead of `filter`")
    filter: DeadLetterFilter | None = Field(default=None, description="instead of `ids`")

    @model_validator(mode="after")
    def _selects_once(self) -> Self:
        check_selects_once(self.ids, self.filter)
        return self
