"""The overview's figures, for one client of the stream.

They are read while a client follows, rather than written with every event.
"""

import asyncio
from datetime import timedelta

from orylo_api.access.identity import Principal
from orylo_api.call import Services
from orylo_api.destinations.queries import list_destinations
from orylo_api.http.tenancy import tenant_transaction
from orylo_api.overview.models import OverviewQuery, OverviewUpdate
from orylo_api.overview.queries import read_overview

# At most this often, however many events there are.
READ_EVERY = timedelta(seconds=2)
# For what changes without an event of the stream: clicks, destinations, the start of an hour or a day.
READ_AT_LEAST_EVERY = timedelta(seconds=15)


class OverviewWatch:
    def __init__(self, services: Services, principal: Principal, timezone: str) -> None:
        self._services = services
        self._principal = principal
        self._query = OverviewQuery(timezone=timezone)
        self._time = asyncio.get_running_loop().time
        self._read_at = self._time()
        self._events_since = False
        self._sent: OverviewUpdate | None = None

    def note_events(self) -> None:
        self._events_since = True

    @property
    def seconds_left(self) -> float:
        """The time until the next read is due. Negative if it is overdue."""
        interval = READ_EVERY if self._events_since else READ_AT_LEAST_EVERY
        return self._read_at + interval.total_seconds() - self._time()

    async def read(self) -> OverviewUpdate | None:
        """Return the overview, or None if it has not changed since the last call."""
        self._read_at, self._events_since = self._time(), False
        services, user = self._services, self._principal
        async with tenant_transaction(services.tenant_pool, user.tenant.id, user.role, readonly=True) as connection:
            overview = await read_overview(connection, self._query, services.clock.now())
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
        if self._sent is not None and update == self._sent.model_copy(update={"generated_at": update.generated_at}):
            return None
        self._sent = update
        return update
