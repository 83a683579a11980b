"""Start reconciliations: when a user asks, and daily."""

from datetime import datetime, timedelta
from functools import partial

import asyncpg

from orylo_common.clock import Clock
from orylo_common.control.keyring import Keyring, WrongMasterKey
from orylo_common.messages import ReconciliationRequested
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_common.postgres.periodic import PeriodicJob
from orylo_common.postgres.pool import Connection
from orylo_common.stripe_keys import is_live
from orylo_ingest.reconciliation.job import LONGEST_AGO, ComparedRange, new_job
from orylo_ingest.reconciliation.store import insert_job

DAILY = timedelta(days=1)
CHECK_EVERY = timedelta(minutes=10)
# An event may be listed a little later than its time.
OVERLAP = timedelta(hours=1)
PLATFORM = "platform"

# Active tenants whose last daily run is a day ago. The first one begins with the gateway's oldest secret: earlier sales
# were never meant for Orylo.
SELECT_DUE_TENANTS = """
    SELECT g.tenant_id, d.secret_encrypted,
           (SELECT min(s.created_at) FROM control.gateway_secrets AS s
            WHERE s.tenant_id = g.tenant_id AND s.gateway = g.gateway) AS connected_at
    FROM control.gateways AS g
    JOIN control.tenants AS t ON t.id = g.tenant_id AND t.state = 'active'
    JOIN control.destinations AS d ON d.tenant_id = g.tenant_id AND d.kind = 'stripe' AND d.enabled
    WHERE g.gateway = 'stripe' AND g.enabled
      AND NOT EXISTS (
          SELECT FROM ingest.reconciliations AS r
          WHERE r.tenant_id = g.tenant_id AND r.gateway = 'stripe' AND r.requested_by = $1 AND r.created_at > $2
      )
"""
SELECT_COMPARED_UNTIL = """
    SELECT max(range_end) FROM ingest.reconciliations
    WHERE tenant_id = $1 AND gateway = 'stripe' AND state = 'completed' AND NOT dry_run AND requested_by = $2
      AND livemode IS NOT DISTINCT FROM $3
"""


async def request_reconciliation(request: ReconciliationRequested, *, pool: asyncpg.Pool, clock: Clock) -> None:
    """Store the request. A worker runs it within seconds."""
    job = new_job(
        request.tenant_id,
        request.gateway,
        ComparedRange(request.range_start, request.range_end),
        now=clock.now(),
        requested_by=request.actor,
        dry_run=request.dry_run,
        job_id=request.reconciliation_id,
    )
    try:
        async with pool.acquire() as connection:
            await insert_job(connection, job, due_at=clock.now())
    except TRANSIENT_ERRORS as error:
        raise PostgresUnavailable(f"PostgreSQL did not commit ({type(error).__name__})") from error


def schedule_daily(keyring: Keyring, clock: Clock) -> PeriodicJob:
    """Return the job that starts each tenant's daily reconciliation."""
    return partial(_schedule, keyring=keyring, clock=clock)


async def _schedule(connection: Connection, *, keyring: Keyring, clock: Clock) -> None:
    now = clock.now()
    for row in await connection.fetch(SELECT_DUE_TENANTS, PLATFORM, now - DAILY):
        try:
            live = is_live(keyring.decrypt(row["secret_encrypted"]))
        except WrongMasterKey:
            continue
        until: datetime | None = await connection.fetchval(SELECT_COMPARED_UNTIL, row["tenant_id"], PLATFORM, live)
        start = until - OVERLAP if until else row["connected_at"] or now - LONGEST_AGO
        job = new_job(
            row["tenant_id"], "stripe", ComparedRange(start, now), now=now, requested_by=PLATFORM, dry_run=False
        )
        await insert_job(connection, job, due_at=now)
