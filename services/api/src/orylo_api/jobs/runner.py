"""Runs jobs: each replica claims some, works on them, and keeps its claims alive."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import asyncpg
import structlog

from orylo_api.call import Services
from orylo_api.jobs import leases
from orylo_api.jobs.kind import JobKind
from orylo_api.jobs.models import JobState
from orylo_api.jobs.progress import ProgressStream
from orylo_api.jobs.run import JobCanceled, JobFailed, JobRun, RunLost
from orylo_api.metrics import JOBS
from orylo_common.control.audit import Actor
from orylo_common.control.models import Role
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem
from orylo_common.postgres.errors import TRANSIENT_ERRORS
from orylo_common.postgres.listening import listening
from orylo_common.postgres.pool import Connection
from orylo_common.repeating import repeating
from orylo_common.resilience.retry import RetryPolicy

# Of one replica. Each holds a connection during its steps.
AT_ONCE = 4
# For a lost notification, a lease that ended, and a job whose next attempt is due.
CLAIM_EVERY = timedelta(seconds=5)
# Also the shortest time between two `job.progress` of one job.
BEAT_EVERY = timedelta(milliseconds=500)
# Runs without a saved step after which a job fails.
MAX_ATTEMPTS = 5
AFTER_BUG = RetryPolicy(base=timedelta(seconds=2), cap=timedelta(minutes=1))
# A service that the job needs is away. Waiting costs nothing, so its attempts are not counted.
AFTER_OUTAGE = timedelta(seconds=5)
GAVE_UP = "It stopped five times without progress. The log of the API has the cause."

log = structlog.get_logger(__name__)


class JobRunner:
    def __init__(self, services: Services, pool: asyncpg.Pool, kinds: Mapping[str, JobKind]) -> None:
        self._services = services
        # For the steps, bound to one tenant at a time; everything else uses the private pool.
        self._pool = pool
        self._kinds = kinds
        self._tasks: set[asyncio.Task[None]] = set()
        # Those that still work: the leases of others are not renewed.
        self._runs: dict[JobRun, asyncio.Task[None]] = {}
        self._progress = ProgressStream(services.private_pool, BEAT_EVERY)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run jobs until the block is left. Another replica then continues them after their last steps."""
        pool = self._services.private_pool
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._stop)
            await stack.enter_async_context(repeating("api.jobs.beat", self._beat, every=BEAT_EVERY))
            await stack.enter_async_context(
                listening("api.jobs.claim", pool, leases.CHANNEL, self._claim, at_least_every=CLAIM_EVERY)
            )
            yield

    async def _claim(self, connection: Connection) -> None:
        for canceled in await leases.cancel_waiting(connection):
            await self._progress.send_last(canceled)
        # A notification may be about a running job that was canceled.
        await self._beat()
        while len(self._runs) < AT_ONCE and (row := await leases.claim(connection, self._kinds)):
            run = self._run_of(row)
            if row["attempts"] > MAX_ATTEMPTS:
                await self._finish(run, JobState.FAILED, GAVE_UP)
                continue
            task = self._runs[run] = asyncio.create_task(self._work(run, row), name=f"job {run.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _run_of(self, row: asyncpg.Record) -> JobRun:
        actor = Actor(row["actor_kind"], row["actor_id"], row["actor"], row["address"], row["user_agent"])
        names = (
            "run_id", "tenant_id", "id", "request", "position", "summary", "done", "total", "counts", "result",
            "result_until",
        )  # fmt: skip
        run = JobRun(
            self._services, self._pool, **{name: row[name] for name in names}, role=Role(row["role"]), actor=actor
        )
        if row["cancel_requested_at"] is not None:
            run.canceled.set()
        return run

    async def _work(self, run: JobRun, row: asyncpg.Record) -> None:
        log.info("job.started", job_id=str(run.id), kind=row["kind"], attempt=row["attempts"])
        try:
            await self._kinds[row["kind"]].work(run)
        except JobCanceled:
            await self._finish(run, JobState.CANCELED)
        except JobFailed as failed:
            await self._finish(run, JobState.FAILED, str(failed))
        except HTTPProblem as refused:
            await self._finish(run, JobState.FAILED, refused.problem.detail)
        except RunLost:
            self._runs.pop(run, None)
            log.warning("job.lost", job_id=str(run.id))
        except asyncio.CancelledError:
            await self._release(run, timedelta(0), is_attempt=False)
            raise
        except (TransientError, *TRANSIENT_ERRORS) as error:
            log.warning("job.interrupted", job_id=str(run.id), error=type(error).__name__)
            await self._release(run, AFTER_OUTAGE, is_attempt=False)
        except Exception:
            log.exception("job.crashed", job_id=str(run.id), kind=row["kind"])
            await self._release(run, AFTER_BUG.delay(row["attempts"]), is_attempt=True)
        else:
            await self._finish(run, JobState.DONE)

    async def _finish(self, run: JobRun, state: JobState, error: str | None = None) -> None:
        self._runs.pop(run, None)
        try:
            async with self._services.private_pool.acquire() as connection:
                row = await leases.finish(connection, run.tenant_id, run.id, run.run_id, state, error)
        except TRANSIENT_ERRORS as lost:
            # Its lease ends, and the next run gets here again.
            log.warning("job.not_ended", job_id=str(run.id), error=type(lost).__name__)
            return
        if row is None:
            log.warning("job.lost", job_id=str(run.id))
            return
        JOBS.labels(row["kind"], state).inc()
        log.info("job.ended", job_id=str(run.id), kind=row["kind"], state=state, done=row["done"], total=row["total"])
        await self._progress.send_last(row)

    async def _release(self, run: JobRun, delay: timedelta, *, is_attempt: bool) -> None:
        self._runs.pop(run, None)
        try:
            async with self._services.private_pool.acquire() as connection:
                await leases.release(connection, run.tenant_id, run.id, run.run_id, delay, is_attempt=is_attempt)
        except TRANSIENT_ERRORS as error:
            # Its lease ends instead.
            log.warning("job.not_released", job_id=str(run.id), error=type(error).__name__)

    async def _beat(self) -> None:
        """Renew the leases, learn of cancellations, and stream the progress of the running jobs."""
        runs = list(self._runs)
        if not runs:
            return
        async with self._services.private_pool.acquire() as connection:
            held = await leases.beat(connection, [(run.id, run.run_id, *run.reported) for run in runs])
        for run in runs:
            if run.run_id not in held:
                if (task := self._runs.get(run)) is not None:
                    task.cancel()
            elif held[run.run_id]["cancel_requested_at"] is not None:
                run.canceled.set()
        await self._progress.send_changed(held.values())

    async def _stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
