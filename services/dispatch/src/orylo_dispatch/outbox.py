"""Messages to publish, written in the transaction of the change that they report."""

from collections.abc import Sequence

from orylo_common.broker.ports import Outgoing
from orylo_common.postgres.outbox_bodies import outbox_columns
from orylo_common.postgres.pool import Connection

INSERT_OUTBOX = """
    INSERT INTO dispatch.outbox (message_id, type, body) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
"""


async def write_messages(connection: Connection, messages: Sequence[Outgoing]) -> None:
    if messages:
        await connection.execute(INSERT_OUTBOX, *outbox_columns(messages))
