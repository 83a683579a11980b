"""Claim jobs, keep the claims alive, and end them. For the role that sees all tenants."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from orylo_api.jobs.models import JobState
from orylo_api.jobs.queries import SHOWN
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

CHANNEL = "orylo_api_jobs"
# A replica that sent no heartbeat for so long is taken for dead.
LEASE = timedelta(seconds=30)
# Running jobs of one tenant, over all replicas.
PER_TENANT = 2

# Claims one at a time: each sees what the one before it claimed.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('api.jobs'))"
# A job of a kind that this replica does not know is left to a newer one. Times are the database's, so that the clocks
# of replicas need not agree.
CLAIM = f"""
    UPDATE api.jobs AS j
    SET state = 'running', run_id = $1, lease_until = clock_timestamp() + $3::interval, attempts = j.attempts + 1,
        started_at = coalesce(j.started_at, clock_timestamp())
    FROM (
        SELECT tenant_id, id FROM api.jobs AS waiting
        WHERE (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp())) AND kind = ANY ($2)
          AND {PER_TENANT} > (
              SELECT count(*) FROM api.jobs AS running
              WHERE running.tenant_id = waiting.tenant_id AND running.state = 'running'
                AND running.lease_until >= clock_timestamp()
          )
        ORDER BY created_at LIMIT 1
    ) AS next
    WHERE j.tenant_id = next.tenant_id AND j.id = next.id
      AND (j.state = 'queued' OR (j.state = 'running' AND j.lease_until < clock_timestamp()))
    RETURNING j.*
"""  # noqa: S608
# Progress between two steps is stored with the heartbeat.
BEAT = f"""
    UPDATE api.jobs AS j
    SET lease_until = clock_timestamp() + $5::interval, done = coalesce(beat.done, j.done),
        total = coalesce(beat.total, j.total)
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS beat (id, run_id, done, total)
    WHERE j.id = beat.id AND j.run_id = beat.run_id AND j.state = 'running'
    RETURNING j.run_id, {", ".join(f"j.{name}" for name in SHOWN)}
"""  # noqa: S608
FINISH = """
    WITH unread AS (DELETE FROM api.job_files WHERE tenant_id = $1 AND job_id = $2 AND name = 'input'),
         notified AS (SELECT pg_notify('orylo_api_jobs', ''))
    UPDATE api.jobs SET state = $4, error = $5, run_id = NULL, lease_until = NULL, finished_at = clock_timestamp()
    FROM notified WHERE tenant_id = $1 AND id = $2 AND run_id = $3 AND state = 'running'
    RETURNING jobs.*
"""
# The job is taken over after `delay`, by any replica.
RELEASE = """
    UPDATE api.jobs SET run_id = NULL, lease_until = clock_timestamp() + $4::interval, attempts = attempts - $5
    WHERE tenant_id = $1 AND id = $2 AND run_id = $3 AND state = 'running'
"""
# Jobs that no run works on.
CANCEL_WAITING = """
    WITH canceled AS (
        UPDATE api.jobs SET state = 'canceled', lease_until = NULL, finished_at = clock_timestamp()
        WHERE state IN ('queued', 'running') AND run_id IS NULL AND cancel_requested_at IS NOT NULL
        RETURNING *
    ), unread AS (
        DELETE FROM api.job_files AS f USING canceled AS c
        WHERE f.tenant_id = c.tenant_id AND f.job_id = c.id AND f.name = 'input'
    )
    SELECT * FROM canceled
"""


async def claim(connection: Connection, kinds: Collection[str]) -> asyncpg.Record | None:
    """Claim the next job that may run, or return None."""
    async with connection.transaction():
        await connection.execute(ONE_AT_A_TIME)
        return await connection.fetchrow(CLAIM, uuid7(), list(kinds), LEASE)


async def beat(
    connection: Connection, runs: Sequence[tuple[UUID, UUID, int | None, int | None]]
) -> dict[UUID, asyncpg.Record]:
    """Renew the leases of runs, given as job, run, and the progress since the last step, done and total.

    Return the jobs by run. A run that is missing has lost its job.
    """
    return {row["run_id"]: row for row in await connection.fetch(BEAT, *zip(*runs, strict=True), LEASE)}


async def finish(
    connection: Connection, tenant_id: UUID, job_id: UUID, run_id: UUID, state: JobState, error: str | None
) -> asyncpg.Record | None:
    """End the job and delete its input. Return its row, or None if another run has it."""
    return await connection.fetchrow(FINISH, tenant_id, job_id, run_id, state, error)


async def release(
    connection: Connection, tenant_id: UUID, job_id: UUID, run_id: UUID, delay: timedelta, *, is_attempt: bool
) -> None:
    """Give the job up, for another run to continue it. `is_attempt` counts this run against the job."""
    await connection.execute(RELEASE, tenant_id, job_id, run_id, delay, 0 if is_attempt else 1)


async def cancel_waiting(connection: Connection) -> list[asyncpg.Record]:
    """End the jobs that were canceled while no run works on them. Return their rows."""
    return await connection.fetch(CANCEL_WAITING)
