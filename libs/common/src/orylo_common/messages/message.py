"""The base class of all messages."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Value(BaseModel):
    """A part of a message. Frozen; ignores fields of newer versions."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Value):
    """A published fact, in the past tense.

    `occurred_at` is the time of the fact itself. `correlation_id` is the first message of the chain, `causation_id` the
    message that led directly to this one.
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
        """The id of the message's subject, as in CloudEvents."""
        raise NotImplementedError
