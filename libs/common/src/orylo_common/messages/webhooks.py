"""What becomes of webhooks that lead to no other message: refused, or set aside for a person."""

from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, Field

from orylo_common.messages.message import Message


class WebhookRejected(Message):
    """Webhooks were turned away at the door, for one and the same reason; nothing of their bodies was kept.

    One message stands for `count` of them. `occurred_at` is when the last came; `remote`, `size` and `reason` are
    the last one's.
    """

    type: Literal["webhook.rejected.v1"] = "webhook.rejected.v1"
    source: ClassVar[str] = "orylo/ingest"

    gateway: str = Field(description="unknown, where the address names none that we know")
    status: int = Field(description="the HTTP status they were answered with")
    code: str = Field(description="the reason for machines, such as signature_mismatch")
    reason: str = Field(description="a sentence for a person, without personal data")
    count: int = Field(ge=1)
    first_at: AwareDatetime
    remote: str | None = Field(default=None, description="the address they came from")
    size: int = Field(default=0, ge=0, description="bytes, as announced by the sender")

    @property
    def subject(self) -> str:
        return self.gateway


class WebhookSetAside(Message):
    """A fact about a genuine webhook that waits for a person, or did."""

    source: ClassVar[str] = "orylo/ingest"

    event_id: str
    gateway: str
    gateway_event_id: str | None = None
    gateway_event_type: str

    @property
    def subject(self) -> str:
        return self.event_id


class WebhookQuarantined(WebhookSetAside):
    """A genuine webhook was not understood, or told an event that is known in other words; it is kept, and no more.

    `payload` is its scrubbed copy, left out where that is too large for a message.
    """

    type: Literal["webhook.quarantined.v1"] = "webhook.quarantined.v1"

    kind: Literal["quarantined", "conflict"]
    reason: str = Field(description="a sentence for a person, without personal data")
    payload: Any = None
    payload_bytes: int = Field(ge=0, description="size of the scrubbed copy, also where it is left out")


class WebhookReplayed(WebhookSetAside):
    """A quarantined webhook was read once more; `status` is what became of it."""

    type: Literal["webhook.replayed.v1"] = "webhook.replayed.v1"

    status: Literal["published", "already_reported", "ignored", "quarantined"]
    reason: str | None = Field(default=None, description="why it is ignored, or still not understood")
    message_type: str | None = Field(default=None, description="what it was understood as, such as payment.refunded.v1")


class WebhookReplayRequested(Message):
    """A person asked for a quarantined webhook to be read once more."""

    type: Literal["webhook.replay_requested.v1"] = "webhook.replay_requested.v1"
    source: ClassVar[str] = "orylo/api"

    event_id: str
    actor: str

    @property
    def subject(self) -> str:
        return self.event_id
