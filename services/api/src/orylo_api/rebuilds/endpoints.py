"""Read models, made again."""

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.jobs.models import Job
from orylo_api.rebuilds.starting import queue_rebuild


async def start_rebuild(call: Call[None, None, None]) -> Job:
    tenant, role, now = call.principal.tenant, call.principal.role, call.services.clock.now()
    return await queue_rebuild(call.connection, tenant.id, actor=actor_of(call), role=role, now=now)


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
