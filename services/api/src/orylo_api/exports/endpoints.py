"""Files that jobs have written."""

from collections.abc import AsyncIterator

import asyncpg
from aiohttp import web

from orylo_api.access.audit import write_line
from orylo_api.access.authentication import authorise
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import NotFound
from orylo_api.exports.storage import read_part
from orylo_api.http.file_stream import stream_file
from orylo_api.http.route import Media, Route
from orylo_api.job_kinds import JOB_KINDS
from orylo_api.jobs.models import JobPath
from orylo_api.jobs.queries import fetch_job


async def download_job_file(call: Call[JobPath, None, None]) -> web.StreamResponse:
    row = await _find_file(call)
    name, _, _ = row["kind"].partition(".")
    file_name = f"{name}-{row['created_at']:%Y-%m-%d}.{row['request']['format']}"
    return await stream_file(call.request, file_name, _parts(call, row["position"][1]), Media.FILE)


async def _find_file(call: Call[JobPath, None, None]) -> asyncpg.Record:
    """Return the job, and add the download to the audit log. Raises `NotFound` or `Forbidden`."""
    principal, now = call.principal, call.services.clock.now()
    async with call.services.tenant_transaction(principal) as connection:
        row = await fetch_job(connection, call.path.id)
        kind = JOB_KINDS.get(row["kind"])
        if kind is None or row["result_until"] is None:
            raise NotFound("the job has no file")
        authorise(principal, kind.permission)
        if row["result_until"] <= now:
            raise NotFound("the file has expired: export again", code="file_expired")
        await write_line(connection, principal, call.origin, f"{kind.name}_download", f"job {row['id']}", now)
        return row


async def _parts(call: Call[JobPath, None, None], count: int) -> AsyncIterator[bytes]:
    """Read each part in its own transaction: a slow client must not hold a connection to the database."""
    for number in range(count):
        async with call.services.tenant_transaction(call.principal, readonly=True) as connection:
            part = await read_part(connection, call.path.id, number)
        if part is None:
            raise NotFound("the file has expired: export again", code="file_expired")
        yield part


ROUTES = (
    Route(
        "GET",
        "/api/v1/jobs/{id}/file",
        download_job_file,
        Permission.READ,
        "Download the file of an export",
        path_values=JobPath,
        media=Media.FILE,
        time_limit=None,
        description="For the roles that may start such an export, until `result_until` of the job. After it, 404 "
        "`file_expired`. The audit log gets a line. ",
    ),
)
