"""The overview's figures on the stream.

They are read while clients follow, rather than written with every event, and once for all clients with the same view.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg

from orylo_api.destinations.queries import list_destinations
from orylo_api.http.tenancy import tenant_transaction
from orylo_api.overview.models import OverviewQuery, OverviewUpdate
from orylo_api.overview.queries import read_overview
from orylo_api.stream.event_types import OVERVIEW_UPDATED
from orylo_api.stream.events import frame
from orylo_api.stream.hub import StreamHub
from orylo_common.clock import Clock
from orylo_common.control.models import Role

# At most this often, however many events there are.
READ_EVERY = timedelta(seconds=2)
# For what changes without an event of the stream: clicks, destinations, the start of an hour or a day.
READ_AT_LEAST_EVERY = timedelta(seconds=15)

# What determines the figures: the tenant, the role and the time zone.
View = tuple[UUID, Role, str]


class OverviewWatch:
    """The figures of one view, for all clients that follow it."""

    def __init__(self, pool: asyncpg.Pool, hub: StreamHub, clock: Clock, view: View) -> None:
        self._pool = pool
        self._hub = hub
        self._clock = clock
        self._tenant_id, self._role, timezone = view
        self._query = OverviewQuery(timezone=timezone)
        self._time = asyncio.get_running_loop().time
        self._read_at = self._time()
        self._row = hub.newest_row(self._tenant_id)
        self._reading = asyncio.Lock()
        self._newest: OverviewUpdate | None = None
        # The newest event: the same object until the figures change. None before the first read.
        self.event: bytes | None = None
        self.clients = 0

    @property
    def seconds_left(self) -> float:
        """The time until the next read is due. Negative if it is overdue."""
        events_since = self._hub.newest_row(self._tenant_id) != self._row
        interval = READ_EVERY if events_since else READ_AT_LEAST_EVERY
        return self._read_at + interval.total_seconds() - self._time()

    async def refresh(self) -> None:
        """Read the figures if that is due. Clients that find it due together read once."""
        async with self._reading:
            if self.seconds_left <= 0:
                await self._read()

    async def _read(self) -> None:
        self._read_at, self._row = self._time(), self._hub.newest_row(self._tenant_id)
        async with tenant_transaction(self._pool, self._tenant_id, self._role, readonly=True) as connection:
            overview = await read_overview(connection, self._query, self._clock.now())
            destinations = await list_destinations(connection)
        update = OverviewUpdate(
            generated_at=overview.generated_at,
            period=overview.period,
            today=overview.today,
            last_24h=overview.last_24h,
            last_7d=overview.last_7d,
            hour=overview.series.points[-1],
            open_dead_letters=overview.open_dead_letters,
            destinations=destinations.items,
        )
        known = self._newest
        if known is None or update != known.model_copy(update={"generated_at": update.generated_at}):
            self._newest = update
            self.event = frame(OVERVIEW_UPDATED.encode(), update.model_dump_json().encode())


class OverviewWatches:
    """The watches of this replica, each kept while a client follows it."""

    def __init__(self, pool: asyncpg.Pool, hub: StreamHub, clock: Clock) -> None:
        self._pool = pool
        self._hub = hub
        self._clock = clock
        self._watches: dict[View, OverviewWatch] = {}

    @asynccontextmanager
    async def follow(self, view: View) -> AsyncIterator[OverviewWatch]:
        watch = self._watches.get(view)
        if watch is None:
            watch = self._watches[view] = OverviewWatch(self._pool, self._hub, self._clock, view)
        watch.clients += 1
        try:
            yield watch
        finally:
            watch.clients -= 1
            if not watch.clients:
                del self._watches[view]
