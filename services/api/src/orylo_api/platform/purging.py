"""Delete the API's rows of tenants that are due, and in the end the tenants themselves."""

from orylo_common.control.purging import delete_purged_tenant, purge_part
from orylo_common.postgres.pool import Connection

# Row-level security binds also the owner of these tables, as which `purge_part` runs.
FORCED = ("sessions", "totp_uses", "idempotency_keys", "impersonations")
DUE = "SELECT id FROM control.tenants WHERE delete_at < now() - interval '5 minutes'"


async def purge(connection: Connection) -> bool:
    for table in FORCED:
        await connection.execute(f"DELETE FROM api.{table} WHERE tenant_id IN ({DUE})")  # noqa: S608
    return await purge_part(connection, part="api") or await delete_purged_tenant(connection)
