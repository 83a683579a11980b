"""Rejected webhooks of one tenant or of all."""

from dataclasses import dataclass
from datetime import datetime

from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

SELECT_REJECTIONS = """
    SELECT t.slug AS tenant, r.gateway, r.status, r.code, r.count, r.first_at, r.last_at, r.remote, r.size, r.reason
    FROM api.rejections_view r JOIN control.tenants t ON t.id = r.tenant_id
    WHERE ($1::uuid IS NULL OR r.tenant_id = $1) AND ($2::text IS NULL OR r.gateway = $2)
      AND ($3::text IS NULL OR r.code = $3)
    ORDER BY r.created_at DESC, r.id DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class RejectionLine:
    """The rejections of one gateway, for one reason, within one minute."""

    tenant: str
    gateway: str
    status: int
    code: str
    count: int
    first_at: datetime
    last_at: datetime
    remote: str | None
    size: int | None
    reason: str


async def list_rejections(
    connection: Connection, tenant: str | None, gateway: str | None, code: str | None, limit: int
) -> list[RejectionLine]:
    """Return the newest first. Raises `InvalidChange` for an unknown tenant."""
    tenant_id = (await find_tenant(connection, tenant)).id if tenant is not None else None
    rows = await connection.fetch(SELECT_REJECTIONS, tenant_id, gateway, code, limit)
    return [RejectionLine(**row) for row in rows]
