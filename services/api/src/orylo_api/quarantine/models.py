"""Genuine webhooks that were set aside."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import Answer, Gateway, Page, RangeQuery, Request


class QuarantinePath(Request):
    id: UUID


class QuarantineKind(StrEnum):
    QUARANTINED = "quarantined"
    CONFLICT = "conflict"


class QuarantineState(StrEnum):
    OPEN = "open"
    PUBLISHED = "published"
    # What it tells was known already, from another webhook.
    ALREADY_REPORTED = "already_reported"
    IGNORED = "ignored"
    # A person gave it up.
    DISCARDED = "discarded"


class QuarantineQuery(RangeQuery):
    state: QuarantineState | None = None
    kind: QuarantineKind | None = None
    gateway: Gateway | None = None


class QuarantinedSummary(Answer):
    id: UUID = Field(description="the event's id")
    kind: QuarantineKind = Field(
        description="quarantined: not understood; conflict: its event came before with another body, which stays"
    )
    gateway: str
    gateway_event_id: str | None
    gateway_event_type: str
    reason: str
    state: QuarantineState = Field(description="open, or what became of it: replayed, or given up")
    message_type: str | None = Field(description="what it was understood as in the end")
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
    payload: Any = Field(description="what came in, personal values hashed; null where it is too large to be shown")
