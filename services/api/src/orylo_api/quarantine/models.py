from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from orylo_api.http.fields import Gateway, Moment, Page, RangeQuery, RequestPart, ResponseBody, Text
from orylo_api.jobs.bulk_models import BulkRequest, Ids, check_selects_once


class QuarantinePath(RequestPart):
    id: UUID


class QuarantineKind(StrEnum):
    QUARANTINED = "quarantined"
    CONFLICT = "conflict"


class QuarantineState(StrEnum):
    OPEN = "open"
    PUBLISHED = "published"
    # Another webhook had reported the same.
    ALREADY_REPORTED = "already_reported"
    IGNORED = "ignored"
    DISCARDED = "discarded"


class QuarantineQuery(RangeQuery):
    state: QuarantineState | None = None
    kind: QuarantineKind | None = None
    gateway: Gateway | None = None


class QuarantinedSummary(ResponseBody):
    id: UUID = Field(description="the event's id")
    kind: QuarantineKind = Field(
        description="quarantined: not understood; conflict: the event arrived before with another body, which is kept"
    )
    gateway: str
    gateway_event_id: str | None
    gateway_event_type: str
    reason: str
    state: QuarantineState = Field(description="open, discarded, or the result of a replay")
    message_type: str | None = Field(description="type of the message that a replay made of it")
    payload_bytes: int = Field(ge=0, description="size of the scrubbed copy")
    replay_requested_at: datetime | None
    replay_requested_by: str | None
    replayed_at: datetime | None
    discarded_at: datetime | None
    discarded_by: str | None
    discarded_reason: str | None
    created_at: datetime


class QuarantinePage(Page[QuarantinedSummary]):
    pass


class Quarantined(QuarantinedSummary):
    payload: Any = Field(description="the body as received, with personal values hashed; null if it is too large")


class QuarantineFilter(RequestPart):
    """All of the conditions apply. Without any, every open webhook in quarantine is selected."""

    gateway: Gateway | None = Field(default=None, examples=["kiwify"])
    kind: QuarantineKind | None = None
    cause: Text | None = Field(default=None, description="`cause` of a group: the start of the reason")
    from_: Moment | None = Field(default=None, alias="from", description="received at or after")
    to: Moment | None = Field(default=None, description="received before")


class QuarantineGroupQuery(QuarantineFilter):
    pass


class QuarantineBulk(BulkRequest):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"filter": {"gateway": "kiwify"}, "action": "replay", "dry_run": True}]}
    )

    ids: Ids | None = Field(default=None, description="at most 1,000 webhooks; instead of `filter`")
    filter: QuarantineFilter | None = Field(default=None, description="instead of `ids`")

    @model_validator(mode="after")
    def _selects_once(self) -> Self:
        check_selects_once(self.ids, self.filter)
        return self
