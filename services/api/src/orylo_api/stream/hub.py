"""Follow api.stream_events as rows are committed, and hand them to this replica's clients."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg

from orylo_api.errors import TooManyStreams
from orylo_api.metrics import SSE_CLIENTS
from orylo_api.stream.events import END_OF_ROW, Position, StreamBatch
from orylo_api.stream.subscription import StreamSubscription
from orylo_common.postgres.listening import listening
from orylo_common.postgres.pool import Connection

CHANNEL = "orylo_api_stream"
NEWEST = "SELECT coalesce(max(id), 0) FROM api.stream_events"
# Rows become visible in the order of their ids (see api.add_stream_events): following the last id misses none.
FOLLOW = "SELECT id, tenant_id, events FROM api.stream_events WHERE id > $1 ORDER BY id LIMIT $2"
RESUME = "SELECT id, events FROM api.stream_events WHERE tenant_id = $1 AND id >= $2 AND id <= $3 ORDER BY id LIMIT $4"
KEPT = "SELECT coalesce(min(id), 0) AS oldest, coalesce(max(id), 0) AS newest FROM api.stream_events"

ROWS_AT_ONCE = 200
# Of one user or API key: a person has a few tabs open, an integration a few workers.
MAX_STREAMS = 50
# Of one tenant, so that its users and keys cannot take every connection of a replica.
MAX_STREAMS_OF_TENANT = 1_000
RETRY_AFTER = timedelta(seconds=30)
# The delay, at most, after a lost notification.
POLL_EVERY = timedelta(seconds=10)


class EventsMissing(Exception):
    """Events since a position are no longer stored."""


class StreamHub:
    """Read each new row once, and hand it to the clients of its tenant."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._clients: defaultdict[UUID, set[StreamSubscription]] = defaultdict(set)
        # Open streams by principal and by tenant.
        self._open: Counter[UUID] = Counter()
        # The newest row of each tenant that has clients.
        self._newest: dict[UUID, int] = {}
        self._position = 0
        self._reading = asyncio.Lock()

    @property
    def position(self) -> Position:
        """The end of everything that has been pushed to clients."""
        return Position(self._position, END_OF_ROW)

    def newest_row(self, tenant_id: UUID) -> int:
        """Return the newest row that was pushed to the tenant's clients; 0 if none was."""
        return self._newest.get(tenant_id, 0)

    @asynccontextmanager
    async def subscribe(
        self, tenant_id: UUID, principal_id: UUID, types: Set[str] | None = None
    ) -> AsyncIterator[StreamSubscription]:
        """Yield a client's part of the stream, from now on. Raises `TooManyStreams`."""
        with (
            self._counted(principal_id, MAX_STREAMS, "of one user or API key"),
            self._counted(tenant_id, MAX_STREAMS_OF_TENANT, "of one tenant"),
        ):
            async with self._subscribe(tenant_id, types) as subscription:
                yield subscription

    @contextmanager
    def _counted(self, owner: UUID, limit: int, whose: str) -> Iterator[None]:
        if self._open[owner] >= limit:
            raise TooManyStreams(f"at most {limit} streams {whose} may be open at a time; close one", RETRY_AFTER)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]

    @asynccontextmanager
    async def _subscribe(self, tenant_id: UUID, types: Set[str] | None) -> AsyncIterator[StreamSubscription]:
        await self._catch_up()
        subscription = StreamSubscription(self.position, types)
        self._clients[tenant_id].add(subscription)
        SSE_CLIENTS.inc()
        try:
            # For rows whose notification came before there was a client.
            await self._read_on(self._pool)
            yield subscription
        finally:
            SSE_CLIENTS.dec()
            self._clients[tenant_id].discard(subscription)
            if not self._clients[tenant_id]:
                del self._clients[tenant_id]
                self._newest.pop(tenant_id, None)

    async def missed(self, tenant_id: UUID, since: Position, until: int) -> AsyncIterator[StreamBatch]:
        """Yield the rows from `since` up to the row `until`, for a client that resumes. Raises `EventsMissing`."""
        while True:
            rows = await self._pool.fetch(RESUME, tenant_id, since.row, until, ROWS_AT_ONCE)
            # After the read: if everything is still stored now, nothing was deleted before the read.
            if not await self._is_kept(since):
                raise EventsMissing
            for row in rows:
                yield StreamBatch(row["id"], row["events"])
            if len(rows) < ROWS_AT_ONCE:
                return
            since = Position(rows[-1]["id"], END_OF_ROW)

    async def _is_kept(self, position: Position) -> bool:
        """Return whether all events after `position` are stored. One from another database may be in the future."""
        kept = await self._pool.fetchrow(KEPT)
        # Of the row itself, more events may follow unless the position is its end.
        first_needed = position.row + 1 if position.index == END_OF_ROW else position.row
        return kept is not None and bool(kept["oldest"] <= first_needed and position.row <= kept["newest"])

    def following(self) -> AbstractAsyncContextManager[None]:
        """Read new rows after every notification, and every `POLL_EVERY` without one, until the block is left."""
        return listening("stream.follow", self._pool, CHANNEL, self._read_on, at_least_every=POLL_EVERY)

    def end_all(self) -> None:
        """End every stream; the clients reconnect to another replica."""
        for subscriptions in self._clients.values():
            for subscription in subscriptions:
                subscription.end()

    async def _catch_up(self) -> None:
        """Read up to the newest row for the clients. If there are none, continue after it."""
        await self._read_on(self._pool)
        if not self._clients:
            newest: int = await self._pool.fetchval(NEWEST)
            # A client that subscribed meanwhile must get everything from its start on.
            if not self._clients:
                self._position = max(self._position, newest)

    async def _read_on(self, connection: Connection | asyncpg.Pool) -> None:
        """Read the new rows, if there are clients for them."""
        async with self._reading:
            more = bool(self._clients)
            while more:
                rows = await connection.fetch(FOLLOW, self._position, ROWS_AT_ONCE)
                more = len(rows) == ROWS_AT_ONCE
                for row in rows:
                    self._position = row["id"]
                    if clients := self._clients.get(row["tenant_id"]):
                        self._newest[row["tenant_id"]] = row["id"]
                        batch = StreamBatch(row["id"], row["events"])
                        for client in clients:
                            client.push(batch)


@asynccontextmanager
async def open_stream(pool: asyncpg.Pool) -> AsyncIterator[StreamHub]:
    hub = StreamHub(pool)
    async with hub.following():
        yield hub
