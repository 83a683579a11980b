"""Find jobs, for the endpoints and for `orylo job`.

Each function works in its caller's transaction, whose role decides which tenants it sees.
"""

import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg

from orylo_api.errors import NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.jobs.models import Job, JobQuery
from orylo_common.postgres.pool import Connection

# Jobs and their results, from their end on.
KEEP_JOBS = timedelta(days=90)
# Those that are done are receipts, which are kept with the tenant.
RECEIPT_KIND = "customer.erase"

JOBS = Listing("api.jobs", "id", UUID)
SELECT_JOB = "SELECT * FROM api.jobs WHERE id = $1"
SELECT_FILE = "SELECT body FROM api.job_files WHERE job_id = $1 AND name = $2"
REQUEST_CANCEL = """
    WITH notified AS (SELECT pg_notify('orylo_api_jobs', ''))
    UPDATE api.jobs SET cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
    FROM notified WHERE id = $1 AND state IN ('queued', 'running')
    RETURNING jobs.*
"""

# The columns that `job_of` reads, and the tenant.
SHOWN = (
    "tenant_id", "id", "kind", "state", "done", "total", "counts", "error", "result", "result_until", "actor",
    "cancel_requested_at", "created_at", "started_at", "finished_at",
)  # fmt: skip

FileName = Literal["input", "result"]


async def list_jobs(connection: Connection, query: JobQuery) -> tuple[list[Job], str | None]:
    where = Where()
    if query.state is not None:
        where.filter("state = {}", query.state)
    if query.kind is not None:
        where.filter("kind = {}", query.kind)
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, JOBS, where, query)
    return [job_of(row) for row in rows], next_cursor


async def fetch_job(connection: Connection, job_id: UUID) -> asyncpg.Record:
    """Raises `NotFound`."""
    row = await connection.fetchrow(SELECT_JOB, job_id)
    if row is None:
        raise NotFound("there is no such job")
    return row


async def request_cancel(connection: Connection, job_id: UUID) -> Job | None:
    """Ask the run that works on the job to end it. Return None if it has ended."""
    row = await connection.fetchrow(REQUEST_CANCEL, job_id)
    return None if row is None else job_of(row)


async def read_file(connection: Connection, job_id: UUID, name: FileName) -> bytes | None:
    body = await connection.fetchval(SELECT_FILE, job_id, name)
    return None if body is None else zlib.decompress(body)


def job_of(row: asyncpg.Record | Mapping[str, Any]) -> Job:
    finished_at, is_receipt = row["finished_at"], row["kind"] == RECEIPT_KIND and row["state"] == "done"
    return Job.from_row(
        row,
        started_by=row["actor"],
        kept_until=finished_at + KEEP_JOBS if finished_at and not is_receipt else None,
    )
