"""Group commit: many callers share one transaction, which makes durable writes cheap.

While one batch is committed the next one collects, so the batch size follows the load. A lone caller waits for one
round trip only.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from types import TracebackType
from typing import Generic, Self, TypeVar

import asyncpg
from opentelemetry.trace import Link, Span
from prometheus_client import Histogram

from orylo_common.errors import TransientError
from orylo_common.pace import Pace
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_common.postgres.pool import COMMAND_TIMEOUT_S, Connection
from orylo_common.telemetry.traces import current_link, span
from orylo_common.telemetry.tracing import tracing

BATCH_SIZE = Histogram(
    "orylo_group_commit_batch_size",
    "Items written in one transaction",
    ["name"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
COMMIT_SECONDS = Histogram(
    "orylo_group_commit_seconds",
    "Time to write and commit one batch",
    ["name"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
)

# As long as a single statement may take.
DEADLINE = timedelta(seconds=COMMAND_TIMEOUT_S)

Item = TypeVar("Item")
Result = TypeVar("Result")
# An item, its caller's future and its caller's span.
Waiting = tuple[Item, asyncio.Future[Result], Link | None]


class Overloaded(TransientError):
    """The buffer of waiting writes is full."""


class GroupCommit(Generic[Item, Result]):
    """Writes items in batches. Each caller receives the result of its item once it is committed.

    `write` runs in a transaction with at most `max_items` items, and returns one result per item in the same order. A
    batch that fails because of its data is split in halves until the bad item fails alone. Up to `writers` batches
    are in flight at once.

    A batch that is not committed within `deadline` fails, and its connection is closed.

    Batches start at least `pace` apart, so that each holds more items; the first starts at once, or with `gather`
    after `pace` too. With `single_statement`, `write` is one statement, which needs no BEGIN
    and COMMIT, or opens its own transaction.
    """

    def __init__(
        self,
        write: Callable[[Connection, Sequence[Item]], Awaitable[Sequence[Result]]],
        pool: asyncpg.Pool,
        *,
        name: str,
        max_items: int = 500,
        max_pending: int = 20_000,
        writers: int = 1,
        single_statement: bool = False,
        pace: timedelta = timedelta(0),
        gather: bool = False,
        deadline: timedelta = DEADLINE,
    ) -> None:
        self._write = write
        self._pool = pool
        self._name = name
        self._single_statement = single_statement
        self._pace = Pace(pace, wait_first=gather)
        self._deadline_s = deadline.total_seconds()
        self._max_items = max_items
        self._max_pending = max_pending
        self._waiting: deque[Waiting[Item, Result]] = deque()
        self._idle_writers = writers
        self._flushes: set[asyncio.Task[None]] = set()
        self._closed = False
        self._batch_size = BATCH_SIZE.labels(name)
        self._commit_seconds = COMMIT_SECONDS.labels(name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Refuse further items and write the waiting ones."""
        self._closed = True
        while self._flushes:
            await asyncio.wait(self._flushes)

    def add(self, item: Item) -> asyncio.Future[Result]:
        """Return a future that is done once the item is committed.

        The future raises `PostgresUnavailable` if it is unknown whether the item was committed, or the error that
        `write` raised for it. Raises `Overloaded` at once if the buffer is full or closed.
        """
        if self._closed or len(self._waiting) >= self._max_pending:
            raise Overloaded("too many writes are waiting for PostgreSQL")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future, current_link() if tracing() else None))
        if self._idle_writers:
            self._idle_writers -= 1
            # The task starts in the next iteration of the event loop: callers in this one still join its batch.
            task = loop.create_task(self._flush())
            self._flushes.add(task)
            task.add_done_callback(self._flushes.discard)
        return future

    async def _flush(self) -> None:
        try:
            while self._waiting:
                if len(self._waiting) < self._max_items and not self._closed:
                    await self._pace.turn()
                size = min(len(self._waiting), self._max_items)
                await self._commit([self._waiting.popleft() for _ in range(size)])
        finally:
            self._idle_writers += 1

    async def _commit(self, batch: list[Waiting[Item, Result]]) -> None:
        self._batch_size.observe(len(batch))
        try:
            with self._commit_seconds.time(), self._span(batch):
                async with (
                    asyncio.timeout(self._deadline_s),
                    self._pool.acquire() as connection,
                    nullcontext() if self._single_statement else connection.transaction(),
                ):
                    results = await self._write(connection, [item for item, _, _ in batch])
        except TRANSIENT_ERRORS as error:
            unavailable = PostgresUnavailable(f"PostgreSQL did not commit ({type(error).__name__})")
            unavailable.__cause__ = error
            self._fail(batch, unavailable)
        except Exception as error:  # noqa: BLE001  (each caller receives it)
            if len(batch) == 1:
                self._fail(batch, error)
            else:
                middle = len(batch) // 2
                await self._commit(batch[:middle])
                await self._commit(batch[middle:])
        except BaseException as error:
            self._fail(batch, PostgresUnavailable("the write was interrupted"))
            raise error from None
        else:
            for (_, future, _), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)

    def _span(self, batch: Sequence[Waiting[Item, Result]]) -> AbstractContextManager[Span]:
        """Open the span of a batch: a trace of its own that links to its callers' spans."""
        return span(f"commit {self._name}", links=[link for _, _, link in batch if link] if tracing() else [])

    @staticmethod
    def _fail(batch: list[Waiting[Item, Result]], error: Exception) -> None:
        for _, future, _ in batch:
            if not future.done():
                future.set_exception(error)
