"""The money of an hour's failed payments, against the limits that tenants set as `shop.failed_money_limit`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
from prometheus_client import Gauge

from orylo_common.clock import Clock
from orylo_common.postgres.pool import Connection

# Without a label for the tenant: their number has no bound.
OVER_LIMIT = Gauge(
    "orylo_api_failed_money_tenants", "Tenants whose failed payments of the last hour exceed a limit of theirs"
)

WINDOW = timedelta(hours=1)
# Of each tenant, the newest of the hour are read: 28 a second.
MAX_PAYMENTS = 100_000

# Of every tenant that the role may see and that has a limit. A payment that succeeds at a later attempt has not failed.
SELECT_OVER_LIMIT = """
    SELECT s.tenant_id, p.currency, count(*) AS payments, sum(p.amount_minor) AS amount_minor,
           min(p.created_at) AS oldest_at
    FROM control.settings AS s
    CROSS JOIN LATERAL (
        SELECT currency, amount_minor, created_at, state, details FROM api.payments_view
        WHERE tenant_id = s.tenant_id AND created_at > $1 ORDER BY created_at DESC LIMIT $2
    ) AS p
    WHERE s.section = 'shop' AND s.value ? 'failed_money_limit'
      AND p.state = 'failed' AND (p.details ->> 'test') IS DISTINCT FROM 'true'
    GROUP BY s.tenant_id, s.value, p.currency
    HAVING sum(p.amount_minor) > (s.value -> 'failed_money_limit' ->> p.currency)::numeric
    ORDER BY payments DESC, p.currency
"""


async def failed_money_over_limit(connection: Connection, now: datetime) -> Sequence[asyncpg.Record]:
    """Return a row for each tenant and currency above its limit."""
    rows: Sequence[asyncpg.Record] = await connection.fetch(SELECT_OVER_LIMIT, now - WINDOW, MAX_PAYMENTS)
    return rows


async def measure_failed_money(pool: asyncpg.Pool, clock: Clock) -> None:
    async with pool.acquire() as connection:
        rows = await failed_money_over_limit(connection, clock.now())
    OVER_LIMIT.set(len({row["tenant_id"] for row in rows}))
