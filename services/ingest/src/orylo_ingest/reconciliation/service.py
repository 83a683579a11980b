"""Reconciliations as a part of the service: the worker, the daily job and the handler of requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

import aiohttp
import asyncpg

from orylo_common.broker.consumer import Handler
from orylo_common.clock import Clock
from orylo_common.control.keyring import Keyring
from orylo_common.control.plane import ControlPlane
from orylo_common.messages import ReconciliationRequested
from orylo_common.postgres.periodic import run_periodically
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.probing import probing
from orylo_common.telemetry.http_traces import request_spans
from orylo_ingest.reconciliation.fetching import EventFetcher
from orylo_ingest.reconciliation.requests import CHECK_EVERY, request_reconciliation, schedule_daily
from orylo_ingest.reconciliation.runner import Reconciler
from orylo_ingest.reconciliation.stripe_lists import StripeLists
from orylo_ingest.webhooks.writer import WebhookWriter

# How long a retry waits at most, and a request whose process died. A process runs its own requests at once.
LOOK_EVERY = timedelta(seconds=10)


@asynccontextmanager
async def open_reconciler(
    pool: asyncpg.Pool,
    plane: ControlPlane,
    keyring: Keyring,
    writer: WebhookWriter,
    *,
    base_url: str,
    clock: Clock,
) -> AsyncIterator[Reconciler]:
    # Without cookies, because tenants share the session.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trace_configs=request_spans()) as session:
        breaker = CircuitBreaker("ingest.stripe")
        lists = StripeLists(session, base_url, breaker)
        fetcher = EventFetcher(pool, plane, writer, clock)
        async with probing(breaker, lists.probe):
            yield Reconciler(pool, keyring, lists, fetcher, writer.relay, clock)


@asynccontextmanager
async def running_reconciliations(reconciler: Reconciler) -> AsyncIterator[Handler]:
    """Run reconciliations while the block is open. Yield the handler of requests."""
    pool, clock = reconciler.pool, reconciler.clock
    requested = asyncio.Event()

    async def request(message: ReconciliationRequested) -> None:
        await request_reconciliation(message, pool=pool, clock=clock)
        requested.set()

    async def run_all_due() -> None:
        requested.clear()
        while await reconciler.run_due():
            pass
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                await requested.wait()

    async with AsyncExitStack() as stack:
        schedule = schedule_daily(reconciler.keyring, clock)
        await stack.enter_async_context(run_periodically(pool, "ingest.reconciliation_schedule", CHECK_EVERY, schedule))
        await stack.enter_async_context(repeating("ingest.reconciliations", run_all_due))
        yield request
