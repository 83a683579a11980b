"""Read models, made again."""

from orylo_api.access.audit import write_change
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict
from orylo_api.http.route import Route
from orylo_api.jobs.models import Job
from orylo_api.jobs.starting import start_job
from orylo_api.rebuilds.job import KIND

# Two requests at once wait for each other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 36))"
IS_UNFINISHED = "SELECT EXISTS (SELECT FROM api.jobs WHERE kind = $1 AND state IN ('queued', 'running'))"


async def start_rebuild(call: Call[None, None, None]) -> Job:
    await call.connection.execute(LOCK, str(call.principal.tenant.id))
    if await call.connection.fetchval(IS_UNFINISHED, KIND):
        raise Conflict("a rebuild of the shop is already waiting or running", code="already_running")
    job = await start_job(call, KIND, {})
    await write_change(call, action=KIND, subject=f"job {job.id}")
    return job


ROUTES = (
    Route(
        "POST",
        "/api/v1/rebuilds",
        start_rebuild,
        Permission.REBUILD,
        "Restore payments from the stored webhooks, and sum the rollups again, in a job",
        response=Job,
        status=202,
        refuses={409, 429},
        description="For rows that were lost or changed by hand. The webhooks of the last 90 days are read again, the "
        "oldest first; then each day is summed again, the newest first. The platform may run, and it is safe to cancel "
        "and to repeat. `counts` are `webhooks_read` and `days_summed`. ",
    ),
)
