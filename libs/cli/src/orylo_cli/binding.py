"""Doing as the API would do for one tenant."""

from uuid import UUID

from orylo_common.postgres.pool import Connection

# Row-level security does the choosing, as it does for a session of that tenant.
BIND = """
    SELECT set_config('role', 'orylo_api', true), set_config('orylo.tenant_id', $1, true),
           set_config('orylo.role', 'operator', true)
"""


async def bind_to_tenant(connection: Connection, tenant_id: UUID) -> None:
    """For the rest of the transaction."""
    await connection.execute(BIND, str(tenant_id))
