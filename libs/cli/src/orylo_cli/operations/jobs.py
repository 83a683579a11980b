"""List, show and cancel jobs, of one tenant or of all; start a rebuild."""

from datetime import datetime
from uuid import UUID

from orylo_api.errors import Conflict, NotFound, TooManyJobs
from orylo_api.jobs import queries
from orylo_api.jobs.models import Job, JobQuery
from orylo_api.rebuilds.starting import queue_rebuild
from orylo_cli.operations.binding import bind_to_tenant
from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Role
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

SELECT_TENANT_SLUGS = """
    SELECT j.id, t.slug FROM api.jobs AS j JOIN control.tenants AS t ON t.id = j.tenant_id WHERE j.id = ANY ($1)
"""


async def list_all(connection: Connection, query: JobQuery, tenant: str | None) -> list[Job]:
    """Return the newest jobs. Raises `InvalidChange` for an unknown tenant."""
    async with connection.transaction():
        if tenant is not None:
            await bind_to_tenant(connection, (await find_tenant(connection, tenant)).id)
        found, _ = await queries.list_jobs(connection, query)
        return found


async def tenant_slugs(connection: Connection, ids: list[UUID]) -> dict[UUID, str]:
    return {row["id"]: row["slug"] for row in await connection.fetch(SELECT_TENANT_SLUGS, ids)}


async def find_job(connection: Connection, job_id: UUID) -> Job:
    """Raises `InvalidChange` for an unknown job."""
    try:
        return queries.job_of(await queries.fetch_job(connection, job_id))
    except NotFound as unknown:
        raise InvalidChange(str(unknown)) from None


async def cancel(connection: Connection, job_id: UUID, *, actor: Actor, now: datetime) -> Job:
    """Request it. Raises `InvalidChange` for a job that is unknown or has ended."""
    found = await find_job(connection, job_id)
    canceled = await queries.request_cancel(connection, job_id)
    if canceled is None:
        raise InvalidChange(f"the job is already {found.state}")
    await write_audit_line(
        connection,
        (await queries.fetch_job(connection, job_id))["tenant_id"],
        actor,
        action="job.cancel",
        subject=f"job {job_id}",
        before={"state": found.state},
        at=now,
    )
    return canceled


async def rebuild_payments(connection: Connection, tenant: str, *, actor: Actor, now: datetime) -> Job:
    """Queue a rebuild. Raises `InvalidChange` for an unknown tenant, or if a rebuild or too many jobs wait or run."""
    tenant_id = (await find_tenant(connection, tenant)).id
    await bind_to_tenant(connection, tenant_id)
    try:
        return await queue_rebuild(connection, tenant_id, actor=actor, role=Role.OPERATOR, now=now)
    except (Conflict, TooManyJobs) as refused:
        raise InvalidChange(str(refused)) from None
