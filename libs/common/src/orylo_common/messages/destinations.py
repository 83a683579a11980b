"""Messages about the destinations that conversions are sent to."""

from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from orylo_common.messages.message import Message


class DestinationStatus(StrEnum):
    ACTIVE = "active"
    # The destination refuses its token or configuration. A person has to change it.
    ON_HOLD = "on_hold"
    # These end without help: the destination limits the rate of calls, or does not answer.
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"


class DestinationStatusChanged(Message):
    """A destination's conversions wait from now on, or are sent again.

    `version` counts the destination's changes from 1. A consumer keeps the highest that it received.
    """

    type: Literal["destination.status_changed.v1"] = "destination.status_changed.v1"
    source: ClassVar[str] = "orylo/dispatch"

    destination_id: UUID
    destination: str = Field(description="the destination's kind, such as meta")
    version: int = Field(ge=1)
    status: DestinationStatus
    code: str | None = Field(default=None, description="the destination's own code, such as 190/463")
    reason: str | None = Field(default=None, description="a sentence for users, without secrets or personal data")

    @property
    def subject(self) -> str:
        return str(self.destination_id)


class DestinationTokenRead(Message):
    """A destination was asked when its access token expires. A consumer keeps the message with the latest time."""

    type: Literal["destination.token_read.v1"] = "destination.token_read.v1"
    source: ClassVar[str] = "orylo/dispatch"

    destination_id: UUID
    destination: str = Field(description="the destination's kind, such as meta")
    configured_at: AwareDatetime = Field(description="when the configuration that holds the token was saved")
    expires_at: AwareDatetime | None = Field(default=None, description="null: never, or the destination does not say")

    @property
    def subject(self) -> str:
        return str(self.destination_id)
