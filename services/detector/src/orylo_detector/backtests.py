"""`POST /backtests` on the private port: run a backtest in a process of its own, and stream its progress."""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Protocol, cast
from uuid import UUID

import asyncpg
import structlog
from aiohttp import web
from pydantic import ValidationError

from orylo_common.control.lists.effective import EffectiveEntry, effective_entries
from orylo_common.control.models import TenantRules
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.http.problems import Problem
from orylo_common.postgres.errors import TRANSIENT_ERRORS
from orylo_detector.backtest.replay import LISTED_TYPES
from orylo_detector.backtest.request import ENTRIES, BacktestRequest, BacktestTask, BacktestVariant
from orylo_rules import Rule

# Of this process. Each takes a core for a while; the others wait.
RUNS_AT_ONCE = 1
CHECKS_AT_ONCE = 2
PIECE = 1 << 16
# Between two empty lines while the process is silent: writing is how the loss of the client is noticed.
HEARTBEAT = timedelta(seconds=1)
INVALID = Problem(
    HTTPStatus.BAD_REQUEST, "invalid_backtest", "The first line of the body must be a backtest's request."
)
UNAVAILABLE = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The database cannot be reached. Try again.")

log = structlog.get_logger(__name__)


class RulesAndPolicies(Protocol):
    """The tenants' current settings and rules."""

    def settings(self, tenant_id: UUID, model: type[DetectionPolicy], /) -> DetectionPolicy: ...

    def rules(self, tenant_id: UUID) -> TenantRules: ...


@dataclass(frozen=True, slots=True)
class BacktestEndpoint:
    """The file passes through in pieces: this process holds none of it."""

    plane: RulesAndPolicies
    # Of a tenant, in batches.
    entries: Callable[[UUID], AsyncGenerator[list[EffectiveEntry], None]]
    runs: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RUNS_AT_ONCE))
    checks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CHECKS_AT_ONCE))

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/backtests", self.run)]

    async def run(self, request: web.Request) -> web.StreamResponse:
        """Respond with lines of JSON: progress, then a check, a report or a refusal. Empty lines are to be skipped."""
        try:
            asked = BacktestRequest.model_validate_json(await request.content.readline())
        except ValueError:
            return INVALID.response()
        try:
            task = self._task_of(asked)
        except ValidationError as invalid:
            problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}".lstrip(": ") for each in invalid.errors()]
            return web.json_response({"refused": f"settings: {'; '.join(problems)}"})
        async with self.checks if asked.check_only else self.runs, _process() as (stdin, stdout):
            try:
                await self._feed_task(stdin, task, asked)
            except TRANSIENT_ERRORS:
                return UNAVAILABLE.response()
            await _feed_file(stdin, request)
            response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
            await response.prepare(request)
            await _relay(stdout, response)
            return response

    def _task_of(self, asked: BacktestRequest) -> BacktestTask:
        """Add the tenant's settings and rules. Raises `ValidationError` if the settings do not fit together."""
        policy, rules = (
            self.plane.settings(asked.tenant_id, DetectionPolicy),
            list(_valid_rules(self.plane.rules(asked.tenant_id))),
        )
        variants = [BacktestVariant(name="current", policy=policy, rules=rules)]
        if asked.settings or asked.rules:
            proposed = DetectionPolicy.model_validate({**policy.model_dump(), **asked.settings})
            variants.append(BacktestVariant(name="proposed", policy=proposed, rules=[*rules, *asked.rules]))
        options = asked.model_dump(exclude={"tenant_id", "settings", "rules"})
        return BacktestTask(**options, variants=variants)

    async def _feed_task(self, stdin: StreamWriter, task: BacktestTask, asked: BacktestRequest) -> None:
        """Write the task, the list entries and an empty line."""
        stdin.write(task.model_dump_json().encode() + b"\n")
        if not task.check_only:
            async with aclosing(self.entries(asked.tenant_id)) as batches:
                async for batch in batches:
                    stdin.write(ENTRIES.dump_json(batch) + b"\n")
                    await stdin.drain()
        stdin.write(b"\n")


async def stored_entries(pool: asyncpg.Pool, tenant_id: UUID) -> AsyncGenerator[list[EffectiveEntry], None]:
    """Yield the entries that labelled payments can be on, in batches."""
    async with pool.acquire() as connection, connection.transaction():
        async for batch in effective_entries(connection, tenant_id, LISTED_TYPES):
            yield batch


def _valid_rules(stored: TenantRules) -> Iterator[Rule]:
    """Yield the rules that this version can read, as live decisions do."""
    for each in stored.rules:
        with suppress(ValidationError):
            yield Rule.model_validate(each)


@asynccontextmanager
async def _process() -> AsyncIterator[tuple[StreamWriter, StreamReader]]:
    """Start the process and yield its pipes. It ends with the request: a client that is gone needs no result."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "orylo_detector.backtest", stdin=PIPE, stdout=PIPE
    )
    try:
        yield cast("StreamWriter", process.stdin), cast("StreamReader", process.stdout)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _feed_file(stdin: StreamWriter, request: web.Request) -> None:
    # A process that ended meanwhile has no result, and the end of its output shows it.
    with suppress(BrokenPipeError, ConnectionResetError):
        async for piece in request.content.iter_chunked(PIECE):
            stdin.write(piece)
            await stdin.drain()
    stdin.close()


async def _relay(stdout: StreamReader, response: web.StreamResponse) -> None:
    """Write what the process writes, and empty lines while it is silent."""
    reading, piece = asyncio.ensure_future(stdout.read(PIECE)), b"\n"
    try:
        while piece:
            await asyncio.wait((reading,), timeout=HEARTBEAT.total_seconds())
            if reading.done():
                piece = reading.result()
                await response.write(piece)
                reading = asyncio.ensure_future(stdout.read(PIECE))
            elif piece.endswith(b"\n"):
                await response.write(b"\n")
    except ConnectionError:
        log.info("backtest.abandoned")
    finally:
        reading.cancel()
