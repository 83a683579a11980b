"""Start a job in the transaction of a request or a command."""

import asyncio
import zlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from orylo_api.access.audit import actor_of
from orylo_api.call import Call
from orylo_api.errors import TooManyJobs
from orylo_api.jobs.leases import CHANNEL
from orylo_api.jobs.models import Job
from orylo_api.jobs.queries import job_of
from orylo_common.control.audit import Actor
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

# Of one tenant.
MAX_UNFINISHED = 20
RETRY_AFTER = timedelta(seconds=30)

# Two requests at once may pass the limit by one.
COUNT_UNFINISHED = "SELECT count(*) FROM api.jobs WHERE state IN ('queued', 'running')"
INSERT_JOB = """
    INSERT INTO api.jobs (
        tenant_id, id, kind, request, summary, total, actor_kind, actor_id, actor, address, user_agent, role, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    RETURNING *
"""
INSERT_INPUT = "INSERT INTO api.job_files (tenant_id, job_id, name, body) VALUES ($1, $2, 'input', $3)"
NOTIFY = f"SELECT pg_notify('{CHANNEL}', '')"


async def start_job(
    call: Call[Any, Any, Any],
    kind: str,
    request: dict[str, Any],
    *,
    summary: dict[str, Any] | None = None,
    total: int | None = None,
    file: bytes | None = None,
) -> Job:
    """Queue a job for the caller, with the file that it reads. It runs after the commit. Raises `TooManyJobs`."""
    tenant, role, now = call.principal.tenant, call.principal.role, call.services.clock.now()
    connection, actor = call.connection, actor_of(call)
    job = await queue_job(
        connection, tenant.id, kind, request, actor=actor, role=role, now=now, summary=summary, total=total
    )
    if file is not None:
        await connection.execute(INSERT_INPUT, tenant.id, job.id, await asyncio.to_thread(zlib.compress, file))
    return job


async def queue_job(
    connection: Connection,
    tenant_id: UUID,
    kind: str,
    request: dict[str, Any],
    *,
    actor: Actor,
    role: Role,
    now: datetime,
    summary: dict[str, Any] | None = None,
    total: int | None = None,
) -> Job:
    """Queue a job in a transaction that is bound to the tenant. It runs with `role`. Raises `TooManyJobs`."""
    if await connection.fetchval(COUNT_UNFINISHED) >= MAX_UNFINISHED:
        raise TooManyJobs(f"{MAX_UNFINISHED} jobs are waiting or running; wait for one, or cancel it", RETRY_AFTER)
    author = (actor.kind, actor.id, actor.name, actor.address, actor.user_agent, role.value)
    [row] = await connection.fetch(INSERT_JOB, tenant_id, uuid7(), kind, request, summary, total, *author, now)
    await connection.execute(NOTIFY)
    return job_of(row)
