"""The job that writes an export: some pages in each step, then a rest as long."""

from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from orylo_api.access.audit import write_change
from orylo_api.call import Call
from orylo_api.exports.models import ExportRequest
from orylo_api.exports.source import ExportFormat, ExportSource
from orylo_api.exports.storage import add_part, stored_bytes
from orylo_api.http.fields import MAX_PAGE, PageQuery
from orylo_api.jobs.kind import JobKind
from orylo_api.jobs.models import Job
from orylo_api.jobs.run import JobFailed, JobRun
from orylo_api.jobs.starting import start_job

KEEP_FILE = timedelta(days=7)
# Of all exports of a tenant, compressed. A part may exceed it.
MAX_STORED_BYTES = 256 * 1024 * 1024
PAGES_PER_STEP = 5
TOO_LARGE = (
    f"The shop's exports would take more than {MAX_STORED_BYTES >> 20} MiB. Narrow the filter, or wait until older "
    f"files are deleted, {KEEP_FILE.days} days after they were written."
)


def kind_of(source: ExportSource[Any, Any]) -> JobKind:
    return JobKind(f"{source.name}.export", source.permission, partial(write_export, source))


async def start_export(call: Call[Any, Any, Any], source: ExportSource[Any, Any], asked: ExportRequest) -> Job:
    request = asked.model_dump(mode="json", by_alias=True, exclude_none=True)
    kind = kind_of(source).name
    job = await start_job(call, kind, request)
    await write_change(call, action=kind, subject=f"job {job.id}", after=request)
    return job


async def write_export(source: ExportSource[Any, Any], run: JobRun) -> None:
    """Write the file. `run.position` has the cursor of the next page and the number of the next part."""
    form, filters = ExportFormat(run.request["format"]), source.filters.model_validate(run.request["filter"])
    while run.result is None:
        started = monotonic()
        async with run.step() as connection:
            cursor, number = run.position or (None, 0)
            lines = [] if number else [source.header(form)]
            for _ in range(PAGES_PER_STEP):
                page = PageQuery(limit=MAX_PAGE, cursor=cursor)
                items, cursor = await source.read(connection, run.tenant_id, filters, page)
                lines += [source.line(form, item) for item in items]
                run.done += len(items)
                if cursor is None:
                    break
            await add_part(connection, run.tenant_id, run.id, number, "".join(lines))
            if await stored_bytes(connection) > MAX_STORED_BYTES:
                raise JobFailed(TOO_LARGE)
            run.position = (cursor, number + 1)
            if cursor is None:
                run.total, run.result = run.done, f"/api/v1/jobs/{run.id}/file"
                run.result_until = run.services.clock.now() + KEEP_FILE
        if run.result is None:
            await run.pause(monotonic() - started)
