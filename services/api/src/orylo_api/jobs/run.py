"""One run of a job, on one replica."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from orylo_api.call import Services
from orylo_api.http.tenancy import tenant_transaction
from orylo_common.control.audit import Actor
from orylo_common.control.models import Role
from orylo_common.postgres.pool import Connection

# Held until the step's transaction ends: a run that was taken for dead ends its step before another begins one.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
IS_OURS = "SELECT true FROM api.jobs WHERE tenant_id = $1 AND id = $2 AND run_id = $3 AND state = 'running'"
SAVE = """
    UPDATE api.jobs SET position = $4, summary = $5, done = $6, total = $7, counts = $8, result = $9,
        result_until = $10, attempts = 0
    WHERE tenant_id = $1 AND id = $2 AND run_id = $3 AND state = 'running'
    RETURNING true
"""
ADD_RESULT = """
    INSERT INTO api.job_files (tenant_id, job_id, name, body) VALUES ($1, $2, 'result', $3)
    ON CONFLICT (tenant_id, job_id, name) DO UPDATE SET body = EXCLUDED.body
"""

Result = TypeVar("Result")


class JobFailed(Exception):
    """The job cannot be done. The text says why, in words for the user who started it."""


class JobCanceled(Exception):
    """A user canceled the job."""


class RunLost(Exception):
    """Another run has taken the job over."""


@dataclass(slots=True, eq=False)
class JobRun:
    """The request that the work of a kind reads, and the progress that it changes within a step."""

    services: Services
    # With connections that no request waits for.
    pool: asyncpg.Pool
    run_id: UUID
    tenant_id: UUID
    id: UUID
    request: Mapping[str, Any]
    position: Any
    summary: Mapping[str, Any] | None
    done: int
    total: int | None
    counts: dict[str, int]
    result: str | None
    # When the result is deleted, if that is before the job is.
    result_until: datetime | None
    role: Role
    actor: Actor
    canceled: asyncio.Event = field(default_factory=asyncio.Event)
    # Progress outside of steps, `done` and `total`, which the heartbeat stores.
    reported: tuple[int | None, int | None] = (None, None)

    @asynccontextmanager
    async def step(self) -> AsyncIterator[Connection]:
        """Open a transaction of the tenant. At its end the progress is saved with the changes, or neither is.

        Raises `JobCanceled` before it begins, and `RunLost` if another run has the job.
        """
        if self.canceled.is_set():
            raise JobCanceled
        async with tenant_transaction(self.pool, self.tenant_id, self.role) as connection:
            await connection.execute(LOCK, str(self.id))
            if not await connection.fetchval(IS_OURS, self.tenant_id, self.id, self.run_id):
                raise RunLost
            yield connection
            progress = (self.position, self.summary, self.done, self.total, self.counts, self.result, self.result_until)
            if not await connection.fetchval(SAVE, self.tenant_id, self.id, self.run_id, *progress):
                raise RunLost

    def report(self, done: int, total: int) -> None:
        """Show progress between two steps. A later run does not continue from it."""
        self.done, self.total = self.reported = done, total

    async def store_result(self, connection: Connection, body: bytes) -> None:
        """Store the result's file, within a step."""
        await connection.execute(ADD_RESULT, self.tenant_id, self.id, await asyncio.to_thread(zlib.compress, body))

    async def pause(self, seconds: float) -> None:
        """Wait, or raise `JobCanceled` as soon as a user cancels the job."""
        await self.unless_canceled(asyncio.sleep(seconds))

    async def unless_canceled(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return the result of `work`. Cancels it and raises `JobCanceled` as soon as a user cancels the job."""
        working, canceled = asyncio.ensure_future(work), asyncio.ensure_future(self.canceled.wait())
        try:
            await asyncio.wait((working, canceled), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise JobCanceled
        finally:
            for task in (working, canceled):
                task.cancel()
            await asyncio.gather(working, canceled, return_exceptions=True)
