"""Messages to publish, written in the transaction of the change that they report."""

from collections.abc import Sequence

from orylo_common.broker.ports import Outgoing
from orylo_common.postgres.outbox_rows import OutboxRow
from orylo_common.postgres.pool import Connection

INSERT_OUTBOX = "INSERT INTO dispatch.outbox (message_id, type, bodies) VALUES ($1, $2, $3)"


async def write_messages(connection: Connection, messages: Sequence[Outgoing]) -> None:
    if messages:
        row = OutboxRow(messages)
        await connection.execute(INSERT_OUTBOX, *row.columns())
        row.written(messages)
