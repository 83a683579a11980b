"""Tenants: create, rename, find, list."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Tenant, TenantState
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

INSERT_TENANT = "INSERT INTO control.tenants (id, slug, name) VALUES ($1, $2, $3)"
SELECT_TENANT = "SELECT id, slug, name, state FROM control.tenants WHERE slug = $1 OR id::text = $1"
SET_NAME = """
    UPDATE control.tenants AS t SET name = $2 FROM control.tenants AS former
    WHERE t.id = $1 AND former.id = t.id RETURNING t.slug, former.name
"""
SELECT_TENANTS = """
    SELECT t.id, t.slug, t.name, t.state, t.delete_at, t.created_at,
           ARRAY(SELECT gateway FROM control.gateways g WHERE g.tenant_id = t.id AND g.enabled ORDER BY 1) AS gateways,
           (SELECT count(*) FROM control.users u WHERE u.tenant_id = t.id) AS users
    FROM control.tenants t ORDER BY t.slug
"""


@dataclass(frozen=True, slots=True)
class TenantSummary:
    """A tenant with its enabled gateways and its number of users."""

    id: UUID
    slug: str
    name: str
    state: str
    delete_at: datetime | None
    created_at: datetime
    gateways: list[str]
    users: int


async def create_tenant(connection: Connection, slug: str, *, actor: Actor, name: str | None = None) -> Tenant:
    """Create a tenant; its name defaults to its slug. Raises `InvalidChange`."""
    if not _SLUG.fullmatch(slug):
        raise InvalidChange(f"{slug!r} is not a valid slug: use up to 63 lower-case letters, digits and inner hyphens")
    tenant = Tenant(uuid7(), slug, name or slug)
    try:
        await connection.execute(INSERT_TENANT, tenant.id, tenant.slug, tenant.name)
    except asyncpg.UniqueViolationError:
        raise InvalidChange(f"tenant {slug!r} already exists") from None
    after = {"slug": tenant.slug, "name": tenant.name}
    await write_audit_line(
        connection, tenant.id, actor, action="tenant.create", subject=f"tenant {tenant.slug}", after=after
    )
    return tenant


async def rename_tenant(connection: Connection, tenant_id: UUID, name: str, *, actor: Actor) -> None:
    """Change the name that people see; the slug stays, as it is part of URLs. Raises `InvalidChange`."""
    row = await connection.fetchrow(SET_NAME, tenant_id, name)
    if row is None:
        raise InvalidChange(f"tenant {tenant_id} does not exist")
    if row["name"] != name:
        subject, before, after = f"tenant {row['slug']}", {"name": row["name"]}, {"name": name}
        await write_audit_line(
            connection, tenant_id, actor, action="tenant.rename", subject=subject, before=before, after=after
        )


async def find_tenant(connection: Connection, slug_or_id: str) -> Tenant:
    """Raises `InvalidChange` for an unknown tenant."""
    row = await connection.fetchrow(SELECT_TENANT, slug_or_id)
    if row is None:
        raise InvalidChange(f"tenant {slug_or_id!r} does not exist")
    return Tenant(row["id"], row["slug"], row["name"], TenantState(row["state"]))


async def list_tenants(connection: Connection) -> list[TenantSummary]:
    return [TenantSummary(**row) for row in await connection.fetch(SELECT_TENANTS)]
