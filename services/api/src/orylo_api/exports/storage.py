"""The files of exports, which are stored in parts."""

import asyncio
import zlib
from uuid import UUID

from orylo_common.postgres.pool import Connection

ADD_PART = "INSERT INTO api.export_parts (tenant_id, job_id, number, body) VALUES ($1, $2, $3, $4)"
SELECT_PART = "SELECT body FROM api.export_parts WHERE job_id = $1 AND number = $2"
STORED_BYTES = "SELECT coalesce(sum(octet_length(body)), 0) FROM api.export_parts"
# Files that have expired, and parts of those that were never finished.
DELETE_EXPIRED = """
    DELETE FROM api.export_parts AS p USING api.jobs AS j
    WHERE j.tenant_id = p.tenant_id AND j.id = p.job_id
      AND (j.result_until < now() OR j.state IN ('failed', 'canceled'))
"""


async def add_part(connection: Connection, tenant_id: UUID, job_id: UUID, number: int, text: str) -> None:
    """Store a part, numbered from 0."""
    body = await asyncio.to_thread(lambda: zlib.compress(text.encode()))
    await connection.execute(ADD_PART, tenant_id, job_id, number, body)


async def read_part(connection: Connection, job_id: UUID, number: int) -> bytes | None:
    body = await connection.fetchval(SELECT_PART, job_id, number)
    return None if body is None else await asyncio.to_thread(zlib.decompress, body)


async def stored_bytes(connection: Connection) -> int:
    """Return the bytes that the files of the tenant's exports take."""
    total: int = await connection.fetchval(STORED_BYTES)
    return total
