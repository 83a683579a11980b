"""Start a rebuild, for `POST /api/v1/rebuilds` and for `orylo rebuild payments`."""

from datetime import datetime
from uuid import UUID

from orylo_api.errors import Conflict
from orylo_api.jobs.models import Job
from orylo_api.jobs.starting import queue_job
from orylo_api.rebuilds.job import KIND
from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.models import Role
from orylo_common.postgres.pool import Connection

# Two requests at once wait for each other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 36))"
IS_UNFINISHED = "SELECT EXISTS (SELECT FROM api.jobs WHERE kind = $1 AND state IN ('queued', 'running'))"


async def queue_rebuild(connection: Connection, tenant_id: UUID, *, actor: Actor, role: Role, now: datetime) -> Job:
    """Queue it in a transaction that is bound to the tenant. Raises `Conflict` while another one is unfinished."""
    await connection.execute(LOCK, str(tenant_id))
    if await connection.fetchval(IS_UNFINISHED, KIND):
        raise Conflict("a rebuild of the shop is already waiting or running", code="already_running")
    job = await queue_job(connection, tenant_id, KIND, {}, actor=actor, role=role, now=now)
    await write_audit_line(connection, tenant_id, actor, action=KIND, subject=f"job {job.id}", at=now)
    return job
