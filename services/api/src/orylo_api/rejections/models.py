"""Webhooks that were turned away."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import Answer, Gateway, Page, RangeQuery


class RejectionQuery(RangeQuery):
    gateway: Gateway | None = None
    code: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9_]+$")] | None = None


class Rejection(Answer):
    """Webhooks that one gateway sent within one minute and that were turned away for one reason; nothing was kept."""

    id: UUID
    gateway: str = Field(description="unknown, where the address names none that there is")
    status: int = Field(description="the HTTP status they were answered with")
    code: str = Field(description="the reason, for machines")
    reason: str = Field(description="what is wrong and what to do, as the last one was told")
    count: int = Field(ge=1)
    first_at: datetime
    last_at: datetime
    remote: str | None = Field(description="the address the last one came from")
    size: int = Field(ge=0, description="bytes, as the last one announced them")
    created_at: datetime = Field(description="the minute")


class RejectionPage(Page[Rejection]):
    pass
