"""What every message carries, whatever it tells."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Value(BaseModel):
    """A part of a message: frozen, and blind to fields of a newer version."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Value):
    """A published fact, in the past tense.

    `occurred_at` is when it happened in the world, in UTC; `correlation_id` the message it all began
    with, `causation_id` the message that led straight to this one.
    """

    type: str
    source: ClassVar[str]

    message_id: UUID
    tenant_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    occurred_at: AwareDatetime

    @property
    def subject(self) -> str:
        """The id of what the message is about, as CloudEvents' `subject`."""
        raise NotImplementedError
