"""The messages that wait in a service's outbox."""

import asyncpg

from orylo_common.broker.ports import Outgoing
from orylo_common.postgres.outbox_rows import messages_of


async def waiting_messages(pool: asyncpg.Pool, schema: str) -> list[Outgoing]:
    """Return them with decompressed bodies, the oldest row first."""
    rows = await pool.fetch(f"SELECT * FROM {schema}.outbox ORDER BY created_at, message_id")
    return [message for row in rows for message in messages_of(row)]
