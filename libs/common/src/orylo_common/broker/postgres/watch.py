"""Make due retries ready, and return the leases of dead subscriptions, for all queues of a process at once."""

import asyncio
from collections.abc import Mapping, Set
from contextlib import suppress
from datetime import timedelta

import asyncpg

from orylo_common.broker.postgres.session import LOCK_CLASS, connect
from orylo_common.broker.postgres.statements import RECLAIM, WATCH
from orylo_common.broker.postgres.subscription import PostgresSubscription

# The longest delay before a missed notification, a dead subscription or another process's retry is noticed, while a
# queue has rows, and while none has.
WATCH_EVERY = timedelta(seconds=1)
IDLE_EVERY = timedelta(seconds=5)


class QueueWatch:
    """Watches the queues that this process subscribes to, with one statement for all, on a connection of its own."""

    def __init__(self, dsn: str, subscriptions: Mapping[str, Set[PostgresSubscription]]) -> None:
        self._dsn = dsn
        self._subscriptions = subscriptions
        self._hurry = asyncio.Event()
        self._next = 0.0

    def look_within(self, seconds: float) -> None:
        """Look at the queues again after `seconds` at the latest: a retry is due then, or a subscription is new."""
        self._next = min(self._next, asyncio.get_running_loop().time() + seconds)
        self._hurry.set()

    async def run(self) -> None:
        """Watch until cancelled. Raises an error of PostgreSQL if the connection is lost."""
        connection = await connect(self._dsn)
        try:
            while True:
                await self._look(connection)
                await self._pause()
        finally:
            connection.terminate()

    async def _look(self, connection: asyncpg.Connection) -> None:
        self._next = asyncio.get_running_loop().time() + IDLE_EVERY.total_seconds()
        queues = [queue for queue, subscriptions in self._subscriptions.items() if subscriptions]
        if not queues:
            return
        for queue, dead, next_due_s, oldest in await connection.fetch(WATCH, queues, LOCK_CLASS):
            if dead:
                await connection.execute(RECLAIM, queue, dead, LOCK_CLASS)
            if next_due_s is not None:
                self.look_within(next_due_s)
            if next_due_s is not None or oldest is not None:
                self.look_within(WATCH_EVERY.total_seconds())
            for subscription in self._subscriptions[queue]:
                subscription.watched(oldest)

    async def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        while self._next > loop.time():
            self._hurry.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._next):
                    await self._hurry.wait()
