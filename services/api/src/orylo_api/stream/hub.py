"""Follow api.stream_events as rows are committed, and hand them to this replica's clients."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg

from orylo_api.errors import TooManyStreams
from orylo_api.metrics import SSE_CLIENTS
from orylo_api.stream.events import Position, StreamBatch
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
RETRY_AFTER = timedelta(seconds=30)
# The delay, at most, after a lost notification.
POLL_EVERY = timedelta(seconds=10)


class StreamHub:
    """Read each new row once, and hand it to the clients of its tenant."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._clients: defaultdict[UUID, set[StreamSubscription]] = defaultdict(set)
        self._open: Counter[UUID] = Counter()
        self._position = 0
        self._reading = asyncio.Lock()

    @asynccontextmanager
    async def subscribe(self, tenant_id: UUID, principal_id: UUID) -> AsyncIterator[StreamSubscription]:
        """Yield a client's part of the stream, from now on. Raises `TooManyStreams`."""
        if self._open[principal_id] >= MAX_STREAMS:
            raise TooManyStreams(f"at most {MAX_STREAMS} streams may be open at a time; close one of them", RETRY_AFTER)
        self._open[principal_id] += 1
        try:
            async with self._subscribe(tenant_id) as subscription:
                yield subscription
        finally:
            self._open[principal_id] -= 1
            if not self._open[principal_id]:
                del self._open[principal_id]

    @asynccontextmanager
    async def _subscribe(self, tenant_id: UUID) -> AsyncIterator[StreamSubscription]:
        await self._skip_unread()
        subscription = StreamSubscription(self._position)
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

    async def missed(self, tenant_id: UUID, since: Position, until: int) -> AsyncIterator[StreamBatch]:
        """Yield the rows from `since` up to the row `until`, for a client that resumes."""
        start = since.row
        while True:
            rows = await self._pool.fetch(RESUME, tenant_id, start, until, ROWS_AT_ONCE)
            for row in rows:
                yield StreamBatch(row["id"], row["events"])
            if len(rows) < ROWS_AT_ONCE:
                return
            start = rows[-1]["id"] + 1

    async def is_kept(self, position: Position) -> bool:
        """Return whether all rows since `position` are stored. One from another database may be in the future."""
        kept = await self._pool.fetchrow(KEPT)
        return kept is not None and bool(kept["oldest"] - 1 <= position.row <= kept["newest"])

    def following(self) -> AbstractAsyncContextManager[None]:
        """Read new rows after every notification, and every `POLL_EVERY` without one, until the block is left."""
        return listening("stream.follow", self._pool, CHANNEL, self._read_on, at_least_every=POLL_EVERY)

    def end_all(self) -> None:
        """End every stream; the clients reconnect to another replica."""
        for subscriptions in self._clients.values():
            for subscription in subscriptions:
                subscription.end()

    async def _skip_unread(self) -> None:
        """Continue after the newest row if there was no client to read for."""
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
                    for client in self._clients.get(row["tenant_id"], ()):
                        client.push(StreamBatch(row["id"], row["events"]))


@asynccontextmanager
async def open_stream(pool: asyncpg.Pool) -> AsyncIterator[StreamHub]:
    hub = StreamHub(pool)
    async with hub.following():
        yield hub
