"""Messages that are published with a change."""

from collections.abc import Sequence
from typing import Any

from orylo_api.call import Call
from orylo_common.broker.ports import Outgoing
from orylo_common.messages import Message, encode
from orylo_common.postgres.outbox_bodies import compress
from orylo_common.postgres.pool import Connection

INSERT_MESSAGES = """
    INSERT INTO api.outbox (message_id, type, body) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
"""
INSERT_MESSAGE = "INSERT INTO api.outbox (message_id, type, body) VALUES ($1, $2, $3)"


async def publish(call: Call[Any, Any, Any], message: Message) -> None:
    """Write the message in the transaction of the change. It is published after the commit."""
    call.outgoing.append(await write_message(call.connection, message))


async def write_messages(connection: Connection, messages: Sequence[Message]) -> None:
    """Write many messages to the outbox. The next sweep publishes them, so that none is kept in memory."""
    rows = [(message.message_id, message.type, compress(encode(message))) for message in messages]
    await connection.execute(INSERT_MESSAGES, *zip(*rows, strict=True))


async def write_message(connection: Connection, message: Message) -> Outgoing:
    """Write the message to the outbox. Unless it is offered to the relay, the next sweep publishes it."""
    outgoing = Outgoing(message.message_id, message.type, encode(message))
    await connection.execute(INSERT_MESSAGE, outgoing.message_id, outgoing.type, compress(outgoing.body))
    return outgoing
