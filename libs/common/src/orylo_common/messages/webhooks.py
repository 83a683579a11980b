"""Messages about webhooks that lead to no other message: rejected or quarantined ones."""

from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, Field

from orylo_common.messages.message import Message


class WebhookRejected(Message):
    """Webhooks were rejected, all for the same reason. Their bodies were not stored.

    One message stands for `count` of them. `occurred_at`, `remote`, `size` and `reason` are those of the last one.
    """

    type: Literal["webhook.rejected.v1"] = "webhook.rejected.v1"
    source: ClassVar[str] = "orylo/ingest"

    gateway: str = Field(description="unknown, if the URL names no known gateway")
    status: int = Field(description="the HTTP status of the response")
    code: str = Field(description="a stable code, such as signature_mismatch")
    reason: str = Field(description="a sentence for users, without personal data")
    count: int = Field(ge=1)
    first_at: AwareDatetime
    remote: str | None = Field(default=None, description="the address of the sender")
    size: int = Field(default=0, ge=0, description="bytes, as announced by the sender")

    @property
    def subject(self) -> str:
        return self.gateway


class QuarantineFact(Message):
    """A fact about an authenticated webhook that is or was in quarantine."""

    source: ClassVar[str] = "orylo/ingest"

    event_id: str
    gateway: str
    gateway_event_id: str | None = None
    gateway_event_type: str

    @property
    def subject(self) -> str:
        return self.event_id


class WebhookQuarantined(QuarantineFact):
    """An authenticated webhook was not understood, or contradicts an event that is already stored. It is only stored.

    `payload` is its scrubbed copy, omitted if it is too large for a message.
    """

    type: Literal["webhook.quarantined.v1"] = "webhook.quarantined.v1"

    kind: Literal["quarantined", "conflict"]
    reason: str = Field(description="a sentence for users, without personal data")
    payload: Any = None
    payload_bytes: int = Field(ge=0, description="size of the scrubbed copy, even if it is omitted")


class WebhookReplayed(QuarantineFact):
    """A quarantined webhook was processed again. `status` is the outcome."""

    type: Literal["webhook.replayed.v1"] = "webhook.replayed.v1"

    status: Literal["published", "already_reported", "ignored", "quarantined"]
    reason: str | None = Field(default=None, description="why it is ignored or still not understood")
    message_type: str | None = Field(
        default=None, description="the type of the published message, such as payment.refunded.v1"
    )


class WebhookReplayRequested(Message):
    """A user requested that a quarantined webhook be processed again."""

    type: Literal["webhook.replay_requested.v1"] = "webhook.replay_requested.v1"
    source: ClassVar[str] = "orylo/api"

    event_id: str
    actor: str

    @property
    def subject(self) -> str:
        return self.event_id
