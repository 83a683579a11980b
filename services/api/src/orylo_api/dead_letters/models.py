"""What was set aside for a person."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import Answer, Page, PageQuery, Request, Text


class DeadLetterPath(Request):
    id: UUID


class DeadLetterState(StrEnum):
    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    # A conversion that failed and was delivered after all.
    RESOLVED = "resolved"


class DeadLetterQuery(PageQuery):
    state: DeadLetterState | None = None
    source: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")] | None = None


class DeadLetterSummary(Answer):
    id: UUID
    source: str = Field(description="the service that gave up: ingest, detector, trust, dispatch or api")
    kind: Literal["message", "conversion"]
    type: str | None = Field(description="the message's type; none where it cannot be read")
    subject: str | None = Field(description="the payment, customer or conversion it is about")
    reason: str
    code: str | None = Field(description="the destination's own error code")
    attempts: int = Field(ge=0)
    state: DeadLetterState
    first_failed_at: datetime
    created_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    settled_reason: str | None


class DeadLetterPage(Page[DeadLetterSummary]):
    pass


class EarlierDeath(Answer):
    id: UUID
    reason: str
    attempts: int
    state: DeadLetterState
    first_failed_at: datetime
    settled_at: datetime | None
    settled_by: str | None


class DeadLetter(DeadLetterSummary):
    payload: Any = Field(description="the message as it was; bytes that are no JSON as {`base64`: …}")
    history: list[EarlierDeath] = Field(description="other times that the same message was set aside, newest first")


class DiscardRequest(Request):
    reason: Text
