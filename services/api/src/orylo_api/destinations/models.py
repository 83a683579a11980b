from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import ResponseBody


class DestinationCondition(StrEnum):
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    DISABLED = "disabled"


class ListedDestination(ResponseBody):
    id: UUID
    kind: str = Field(description="such as meta")
    name: str
    status: DestinationCondition = Field(
        description="`on_hold`: it refuses its token or configuration, and a person has to change it. `throttled` and "
        "`unavailable` end without help. Conversions wait in every status but `active`."
    )
    since: datetime | None = Field(description="when that status began; null while active or disabled")
    reason: str | None = Field(description="why it is not sent to, and what to do")
    code: str | None = Field(description="the destination's own code")
    created_at: datetime


class DestinationList(ResponseBody):
    items: list[ListedDestination]
