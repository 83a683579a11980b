"""Delete all rows of tenants whose date of deletion has passed.

Each service deletes the rows of its own schema. Once all have, the API deletes the tenant itself; its audit log stays.
"""

from datetime import timedelta
from typing import Literal

from orylo_common.postgres.pool import Connection

Part = Literal["ingest", "detector", "trust", "dispatch", "api"]

PURGE_EVERY = timedelta(hours=1)
# Rows of each table in one transaction: far below a statement's 30 s.
CHUNK = 2_000

PURGE_PART = "SELECT control.purge_part($1, $2)"
DELETE_PURGED_TENANT = "SELECT control.delete_purged_tenant()"


async def purge_part(connection: Connection, *, part: Part) -> bool:
    """Delete some rows of a tenant that is due. Return true if there may be more, as `run_periodically` expects."""
    more: bool = await connection.fetchval(PURGE_PART, part, CHUNK)
    return more


async def delete_purged_tenant(connection: Connection) -> bool:
    """Delete a tenant of which no service stores anything any more. Return whether there was one."""
    deleted: bool = await connection.fetchval(DELETE_PURGED_TENANT)
    return deleted
