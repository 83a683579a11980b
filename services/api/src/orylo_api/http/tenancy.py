"""Transactions that row-level security binds to one tenant, and those of operators, which see all tenants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from orylo_common.control.models import Role
from orylo_common.postgres.pool import Connection

# For this transaction only. No query of the dashboard takes as long as the timeout.
BIND = """
    SELECT set_config('orylo.tenant_id', $1, true), set_config('orylo.role', $2, true),
           set_config('statement_timeout', '5s', true)
"""

LIMIT_TIME = "SELECT set_config('statement_timeout', '5s', true)"


@asynccontextmanager
async def tenant_transaction(
    pool: asyncpg.Pool, tenant_id: UUID, role: Role, *, readonly: bool = False
) -> AsyncIterator[Connection]:
    """Open a transaction that can read, and unless `readonly` change, one tenant's rows. `pool` acts as `orylo_api`."""
    async with pool.acquire() as connection, connection.transaction(readonly=readonly):
        await connection.execute(BIND, str(tenant_id), role.value)
        yield connection


@asynccontextmanager
async def platform_transaction(pool: asyncpg.Pool, *, readonly: bool = False) -> AsyncIterator[Connection]:
    """Open a transaction that sees every tenant, for operators. `pool` acts as `orylo_api_projector`."""
    async with pool.acquire() as connection, connection.transaction(readonly=readonly):
        await connection.execute(LIMIT_TIME)
        yield connection
