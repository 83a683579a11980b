"""The live feed of every replica: rows of api.stream_events, followed as they are committed."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from orylo_api.metrics import SSE_CLIENTS, SSE_DROPPED
from orylo_common.postgres.errors import TRANSIENT_ERRORS, raise_if_cancelled
from orylo_common.postgres.pool import Connection

CHANNEL = "orylo_api_stream"
NEWEST = "SELECT coalesce(max(id), 0) FROM api.stream_events"
# A row is visible only after all with lower ids are (see api.add_stream_events): going by the last id misses none.
FOLLOW = "SELECT id, tenant_id, events FROM api.stream_events WHERE id > $1 ORDER BY id LIMIT $2"
RESUME = "SELECT id, events FROM api.stream_events WHERE tenant_id = $1 AND id >= $2 AND id <= $3 ORDER BY id LIMIT $4"
KEPT = "SELECT coalesce(min(id), 0) AS oldest, coalesce(max(id), 0) AS newest FROM api.stream_events"

ROWS_AT_ONCE = 200
# Rows held for one client; a row is what one batch told one tenant. Whoever lags further is disconnected, and resumes.
CLIENT_BUFFER = 500
# What a lost notification costs at most.
LOOK_EVERY = timedelta(seconds=10)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Position:
    """An event's place: its row and its place in the row. As text it is the event's id."""

    row: int
    index: int

    def __str__(self) -> str:
        return f"{self.row}.{self.index}"

    @classmethod
    def parse(cls, event_id: str) -> "Position":
        row, _, index = event_id.partition(".")
        return cls(int(row), int(index))


@dataclass(frozen=True, slots=True)
class Batch:
    """What one row holds."""

    row: int
    events: bytes

    def after(self, position: Position) -> Iterator[tuple[Position, str, str]]:
        """Each event that comes after `position`: its place, its type, its data."""
        for index, event in enumerate(self.events.split(b"\n\n")):
            place = Position(self.row, index)
            if (place.row, place.index) > (position.row, position.index):
                kind, _, data = event.partition(b"\n")
                yield place, kind.decode(), data.decode()


class Ended(Exception):
    """Nothing more comes: the client read too slowly for what there was to tell, or this replica stops."""


class Subscription:
    """One client's share of the stream, from the moment it was made."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._waiting: deque[Batch] = deque()
        self._told = asyncio.Event()
        self._ended = False

    def push(self, batch: Batch) -> None:
        if len(self._waiting) < CLIENT_BUFFER:
            self._waiting.append(batch)
            self._told.set()
        elif not self._ended:
            SSE_DROPPED.inc()
            self.end()

    def end(self) -> None:
        self._ended = True
        self._told.set()

    async def next(self) -> Batch:
        """Raises `Ended`."""
        while not self._ended and not self._waiting:
            self._told.clear()
            await self._told.wait()
        if self._ended:
            raise Ended
        return self._waiting.popleft()


class StreamHub:
    """Reads each new row once and hands it to the clients of its tenant."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._clients: defaultdict[UUID, set[Subscription]] = defaultdict(set)
        self._position = 0

    @contextmanager
    def subscribe(self, tenant_id: UUID) -> Iterator[Subscription]:
        subscription = Subscription(self._position)
        self._clients[tenant_id].add(subscription)
        SSE_CLIENTS.inc()
        try:
            yield subscription
        finally:
            SSE_CLIENTS.dec()
            self._clients[tenant_id].discard(subscription)
            if not self._clients[tenant_id]:
                del self._clients[tenant_id]

    async def missed(self, tenant_id: UUID, since: Position, until: int) -> AsyncIterator[Batch]:
        """What happened from `since` up to the row `until`, for a client that comes back."""
        start = since.row
        while True:
            rows = await self._pool.fetch(RESUME, tenant_id, start, until, ROWS_AT_ONCE)
            for row in rows:
                yield Batch(row["id"], row["events"])
            if len(rows) < ROWS_AT_ONCE:
                return
            start = rows[-1]["id"] + 1

    async def is_kept(self, position: Position) -> bool:
        """Whether everything since `position` is still there. One from another database may lie in the future."""
        kept = await self._pool.fetchrow(KEPT)
        return kept is not None and bool(kept["oldest"] - 1 <= position.row <= kept["newest"])

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    await self._listen(connection)
            except TRANSIENT_ERRORS as error:
                raise_if_cancelled()
                log.warning("stream.unavailable", error=type(error).__name__)
            await asyncio.sleep(1)

    async def start(self) -> None:
        """From here on; what was before is for those who resume."""
        self._position = await self._pool.fetchval(NEWEST)

    def end_all(self) -> None:
        """Send every client to another replica."""
        for subscriptions in self._clients.values():
            for subscription in subscriptions:
                subscription.end()

    async def _listen(self, connection: Connection) -> None:
        told = asyncio.Event()
        connection.add_termination_listener(lambda *_: told.set())
        await connection.add_listener(CHANNEL, lambda *_: told.set())
        try:
            while not connection.is_closed():
                told.clear()
                await self._read_on(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                        await told.wait()
        finally:
            if not connection.is_closed():
                await connection.reset()

    async def _read_on(self, connection: Connection) -> None:
        if not self._clients:
            newest: int = await connection.fetchval(NEWEST)
            # Unless somebody came meanwhile, who was promised everything from the old position on.
            if not self._clients:
                self._position = max(self._position, newest)
        while rows := await connection.fetch(FOLLOW, self._position, ROWS_AT_ONCE):
            for row in rows:
                self._position = row["id"]
                for client in self._clients.get(row["tenant_id"], ()):
                    client.push(Batch(row["id"], row["events"]))


@asynccontextmanager
async def open_stream(pool: asyncpg.Pool) -> AsyncIterator[StreamHub]:
    hub = StreamHub(pool)
    await hub.start()
    following = asyncio.create_task(hub.follow())
    try:
        yield hub
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
