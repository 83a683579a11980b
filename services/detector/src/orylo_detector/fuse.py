"""Trips a tenant's fuse when blocks jump. Every replica adds its counts each second and compares the sums of all."""

from collections import defaultdict
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Counter

from orylo_common.clock import Clock
from orylo_common.control.fuses import trip_fuse
from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.fuse import FusePolicy
from orylo_common.messages import Decision
from orylo_common.postgres.pool import Connection
from orylo_common.repeating import repeating
from orylo_detector.announcements import SUCCEEDED
from orylo_detector.domain.fuse import BlockCount, blocks_by_rule_or_risk, excess_rate, may_trip
from orylo_detector.store.block_counts import add_counts, read_history, read_window
from orylo_detector.store.decisions import RecordedPayment

EVERY = timedelta(seconds=1)

TRIPS = Counter("orylo_detector_fuse_trips_total", "Fuses that tripped: blocks became reviews")

log = structlog.get_logger(__name__)


class FuseMonitor:
    """Counts paid payments only: a declined attempt costs no sale, and card tests are mostly declined.

    While a fuse is tripped its tenant's payments do not count, so that the jump does not become usual.
    """

    def __init__(self, pool: asyncpg.Pool, plane: ControlPlane, clock: Clock) -> None:
        self._pool = pool
        self._plane = plane
        self._clock = clock
        self._counts: defaultdict[tuple[UUID, datetime], list[int]] = defaultdict(lambda: [0, 0])

    def observe(self, recorded: RecordedPayment) -> None:
        """Count a recorded decision on a paid payment, and whether it is the payment's first block."""
        payment, detection = recorded.payment, recorded.detection
        if detection is None or detection.payment_type != SUCCEEDED or payment.test:
            return
        if self._plane.rules(payment.tenant_id).fuse_tripped:
            return
        replaced = detection.replaces
        is_first = replaced is None or replaced.payment_type != SUCCEEDED
        was_blocked = not is_first and replaced is not None and replaced.decision is Decision.BLOCK
        minute = self._clock.now().replace(second=0, microsecond=0)
        count = self._counts[payment.tenant_id, minute]
        count[0] += is_first
        count[1] += blocks_by_rule_or_risk(detection) and not was_blocked

    def running(self) -> AbstractAsyncContextManager[None]:
        return repeating("detector.fuse", self.check, every=EVERY, on_exit=self._store)

    async def check(self) -> None:
        """Store what was counted, and trip the fuse of each tenant whose blocks are too many."""
        for tenant_id in await self._store():
            async with self._pool.acquire() as connection:
                await self._check_tenant(connection, tenant_id)

    async def _store(self) -> list[UUID]:
        """Add the counts to the stored ones. Return the tenants with blocked payments."""
        counts = {key: BlockCount(*count) for key, count in self._counts.items()}
        self._counts.clear()
        if not counts:
            return []
        try:
            async with self._pool.acquire() as connection:
                await add_counts(connection, counts)
        except BaseException:
            # Counting them again with the next ones may count some twice if the commit's answer was lost.
            for key, count in counts.items():
                self._counts[key][0] += count.payments
                self._counts[key][1] += count.blocked
            raise
        return sorted({tenant_id for (tenant_id, _), count in counts.items() if count.blocked})

    async def _check_tenant(self, connection: Connection, tenant_id: UUID) -> None:
        policy, now = self._plane.settings(tenant_id, FusePolicy), self._clock.now()
        since = now - timedelta(minutes=policy.window_minutes)
        if reset_at := self._plane.rules(tenant_id).fuse_reset_at:
            since = max(since, reset_at)
        window = await read_window(connection, tenant_id, since)
        if not may_trip(window, policy):
            return
        rate = excess_rate(window, await read_history(connection, tenant_id, now), policy)
        if rate is not None and await trip_fuse(connection, tenant_id, rate):
            TRIPS.inc()
            log.error("fuse.tripped", tenant_id=str(tenant_id), payments=rate.payments, blocked=rate.blocked)
