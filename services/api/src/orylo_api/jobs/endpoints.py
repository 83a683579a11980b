"""Jobs: what takes longer than a request."""

from orylo_api.access.audit import write_change
from orylo_api.access.authentication import authorise
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict
from orylo_api.http.route import Route
from orylo_api.job_kinds import JOB_KINDS
from orylo_api.jobs import queries
from orylo_api.jobs.models import Job, JobPage, JobPath, JobQuery

ABOUT = """\
A job continues after a restart, from its last saved step. It is kept for 90 days after its end, and its result as
long, or until `result_until`. The receipt of an erasure is kept for as long as the shop. The progress comes as
`job.progress` in the stream, at most twice a second. """


async def list_jobs(call: Call[None, JobQuery, None]) -> JobPage:
    items, next_cursor = await queries.list_jobs(call.connection, call.query)
    return JobPage(items=items, next_cursor=next_cursor)


async def show_job(call: Call[JobPath, None, None]) -> Job:
    row = await queries.fetch_job(call.connection, call.path.id)
    job, kind = queries.job_of(row), JOB_KINDS.get(row["kind"])
    if kind is None or kind.later_counts is None:
        return job
    later = await kind.later_counts(call.connection, job.id)
    return job.model_copy(update={"counts": {**job.counts, **later}})


async def cancel_job(call: Call[JobPath, None, None]) -> Job:
    """Request it. A running job ends after its current step, and keeps what it has done."""
    found = queries.job_of(await queries.fetch_job(call.connection, call.path.id))
    kind = JOB_KINDS.get(found.kind)
    if kind is None:
        raise Conflict("a newer version of Orylo started this job, and has to cancel it", code="unknown_kind")
    authorise(call.principal, kind.permission)
    canceled = await queries.request_cancel(call.connection, call.path.id)
    if canceled is None:
        raise Conflict(f"the job is already {found.state}", code="already_ended")
    if found.cancel_requested_at is None:
        await write_change(call, action="job.cancel", subject=f"job {canceled.id}", before={"state": found.state})
    return canceled


ROUTES = (
    Route(
        "GET",
        "/api/v1/jobs",
        list_jobs,
        Permission.READ,
        "Jobs, newest first",
        query=JobQuery,
        response=JobPage,
        description=ABOUT,
    ),
    Route(
        "GET",
        "/api/v1/jobs/{id}",
        show_job,
        Permission.READ,
        "One job with its progress",
        path_values=JobPath,
        response=Job,
        description=ABOUT,
    ),
    Route(
        "POST",
        "/api/v1/jobs/{id}/cancel",
        cancel_job,
        Permission.READ,
        "Cancel a job",
        path_values=JobPath,
        response=Job,
        status=202,
        description="For the roles that may start such a job. What it has done stays done. ",
    ),
)
