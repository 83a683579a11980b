"""Bind a transaction to one tenant, as the API does."""

from uuid import UUID

from orylo_common.postgres.pool import Connection

# From here on, row-level security restricts the transaction to the tenant's rows.
BIND = """
    SELECT set_config('role', 'orylo_api', true), set_config('orylo.tenant_id', $1, true),
           set_config('orylo.role', 'operator', true)
"""
UNBIND = "RESET role"


async def bind_to_tenant(connection: Connection, tenant_id: UUID) -> None:
    """Restrict the rest of the transaction to the tenant's rows."""
    await connection.execute(BIND, str(tenant_id))


async def unbind(connection: Connection) -> None:
    """Lift the restriction before the transaction ends. The end of a savepoint does not lift it."""
    await connection.execute(UNBIND)
