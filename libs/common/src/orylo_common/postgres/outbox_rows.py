"""Several messages in one row of the outbox: those that one transaction writes.

Messages of a batch resemble each other, so that together they compress far better than alone.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.postgres.outbox_bodies import compress, decompress


class OutboxRow:
    """A row as its writer sees it, and then the relay of the same process.

    `unoffered` counts its messages that the relay has not been offered yet, `open` those not published or settled.
    `is_left` says that the sweeper is to publish it.
    """

    __slots__ = ("_messages", "is_left", "open", "row_id", "unoffered")

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self.row_id = uuid7()
        self._messages = messages
        self.open = self.unoffered = 0
        self.is_left = False

    def columns(self) -> tuple[UUID, str, bytes]:
        """Return the values of the columns `message_id`, `type` and `bodies`."""
        types = ", ".join(sorted({message.type for message in self._messages}))
        return self.row_id, types, pack(self._messages)

    def written(self, messages: Sequence[Outgoing]) -> None:
        """Report which of its messages the row contains: all, or those in its column `message_ids`."""
        self.open = self.unoffered = len(messages)
        for message in messages:
            message.row = self
        self._messages = ()


def pack(messages: Sequence[Outgoing]) -> bytes:
    """Return the messages as one compressed text: a line with id, type and body for each. JSON has no line breaks."""
    return compress(b"\n".join(b"%b %b %b" % (str(m.message_id).encode(), m.type.encode(), m.body) for m in messages))


def messages_of(row: Any) -> list[Outgoing]:
    """Return the messages of an outbox row: its `message_id`, `type`, `body`, `bodies` and `message_ids`."""
    if row["bodies"] is None:
        return [Outgoing(row["message_id"], row["type"], decompress(row["body"]))]
    written = None if row["message_ids"] is None else set(row["message_ids"])
    lines = (line.split(b" ", 2) for line in decompress(row["bodies"]).split(b"\n"))
    messages = [Outgoing(UUID(id_.decode()), type_.decode(), body) for id_, type_, body in lines]
    return messages if written is None else [message for message in messages if message.message_id in written]
