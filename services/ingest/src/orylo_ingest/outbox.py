"""Write messages to the outbox that belong to no stored webhook, in batches."""

from collections.abc import Sequence

from orylo_common.broker.ports import Outgoing
from orylo_common.postgres.outbox_bodies import outbox_columns
from orylo_common.postgres.pool import Connection

INSERT_OUTBOX = """
    INSERT INTO ingest.outbox (message_id, type, body) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
"""


async def write_messages(connection: Connection, messages: Sequence[Outgoing]) -> list[None]:
    await connection.execute(INSERT_OUTBOX, *outbox_columns(messages))
    return [None] * len(messages)
