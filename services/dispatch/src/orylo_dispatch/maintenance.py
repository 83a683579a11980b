"""The periodic jobs of dispatch. Each runs on one replica at a time."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

import asyncpg

from orylo_common.clock import Clock
from orylo_common.control.purging import PURGE_EVERY, purge_part
from orylo_common.postgres.periodic import PeriodicJob, run_periodically
from orylo_dispatch.actions.rows import ACTION_COLUMNS
from orylo_dispatch.conversions.announcements import CONVERSION_COLUMNS
from orylo_dispatch.conversions.decisions import release_undecided
from orylo_dispatch.conversions.retention import delete_old
from orylo_dispatch.delivery.maintenance import DeliveryMaintenance
from orylo_dispatch.delivery.sink import SinkKind


@asynccontextmanager
async def maintenance(
    pool: asyncpg.Pool, kinds: Mapping[str, SinkKind], providers: Mapping[str, SinkKind], clock: Clock
) -> AsyncIterator[None]:
    deliveries = DeliveryMaintenance(clock, CONVERSION_COLUMNS, _max_ages(kinds))
    actions = DeliveryMaintenance(clock, ACTION_COLUMNS, _max_ages(providers))
    jobs: Mapping[str, tuple[timedelta, PeriodicJob]] = {
        "dispatch.release_undecided": (timedelta(seconds=15), partial(release_undecided, clock=clock)),
        "dispatch.count_waiting": (timedelta(seconds=15), deliveries.count_waiting),
        "dispatch.discard_expired": (timedelta(minutes=5), deliveries.discard_expired),
        "dispatch.discard_expired_actions": (timedelta(minutes=5), actions.discard_expired),
        "dispatch.purging": (PURGE_EVERY, partial(purge_part, part="dispatch")),
        "dispatch.retention": (timedelta(hours=1), partial(delete_old, clock=clock)),
    }
    async with AsyncExitStack() as stack:
        for name, (interval, job) in jobs.items():
            await stack.enter_async_context(run_periodically(pool, name, interval, job))
        yield


def _max_ages(kinds: Mapping[str, SinkKind]) -> Mapping[str, timedelta]:
    return {name: kind.max_age for name, kind in kinds.items()}
