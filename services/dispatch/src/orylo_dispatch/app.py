"""The dispatch service's composition root."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

import aiohttp
import asyncpg
from redis.asyncio import Redis

from orylo_common.broker.consumer import Consumer, Handler
from orylo_common.broker.ports import Broker
from orylo_common.clock import Clock, SystemClock
from orylo_common.control import ControlPlane, Keyring, Part, open_control
from orylo_common.messages import (
    CheckoutStarted,
    ClickRecorded,
    ConversionRedriveRequested,
    DetectionCreated,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    Message,
    PaymentEnriched,
    PaymentRefunded,
    PaymentSucceeded,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.periodic import Job, run_periodically
from orylo_common.postgres.pool import open_pool
from orylo_common.resilience.circuit_breaker import CircuitBreaker, guarded
from orylo_common.telemetry.health import Health
from orylo_dispatch.delivery_queue import DeliveryQueue
from orylo_dispatch.destinations.meta import MetaConversions
from orylo_dispatch.destinations.port import SinkFactory
from orylo_dispatch.facts import Effect, Fact
from orylo_dispatch.handlers import (
    Recorder,
    apply_decision,
    enrich_payment,
    match_payment,
    record_reversal,
    redrive,
    remember_checkout,
    remember_click,
)
from orylo_dispatch.retention import delete_old
from orylo_dispatch.sender import Sender
from orylo_dispatch.settings import Settings
from orylo_dispatch.store import FactStore
from orylo_dispatch.upkeep import Upkeep

ROLE = "orylo_dispatch"
# A small part of the half second until a conversion is sent; a batch holds many times as much.
PACE = timedelta(milliseconds=15)
PARTS = frozenset({Part.DESTINATIONS, Part.SETTINGS})


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    broker: Broker,
    redis: Redis,
    clock: Clock = SystemClock(),  # noqa: B008  has no state
) -> AsyncIterator[Health]:
    """Conversions are matched and sent while inside; leaving finishes the requests in hand."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pool = await enter(open_pool(settings.database_url, role=ROLE))
        keyring = Keyring.parse(settings.master_key.get_secret_value())
        plane = await enter(open_control(settings.database_url, role=ROLE, keyring=keyring, parts=PARTS))
        relay = await enter(OutboxRelay(pool, "dispatch", broker))
        session = await enter(_open_session())
        meta = partial(
            MetaConversions,
            session=session,
            base_url=f"{settings.meta_base_url}/{settings.meta_api_version}",
            clock=clock,
        )
        sinks: Mapping[str, SinkFactory] = {"meta": meta}
        sender = Sender(DeliveryQueue(pool), plane, sinks=sinks, offer=relay.offer, clock=clock)
        await enter(sender)
        writer: GroupCommit[Fact, Effect] = GroupCommit(FactStore(clock).write, pool, name="dispatch.facts", pace=PACE)
        await enter(writer)
        handlers = _handlers(plane, Recorder(writer.add, offer=relay.offer, wake=sender.wake), frozenset(sinks))
        postgres = CircuitBreaker("dispatch.postgres")
        handlers = {message: guarded(postgres, handler) for message, handler in handlers.items()}
        await enter(Consumer(broker, "dispatch", handlers, prefetch=settings.dispatch_prefetch, gates=[postgres]))
        await enter(_upkeep(pool, clock))

        health = Health()
        health.check("postgres", partial(pool.fetchval, "SELECT 1"))
        health.check("broker", broker.ping)
        yield health


def _open_session() -> aiohttp.ClientSession:
    # No limit of connections: one destination that hangs must not take another's. No cookies: tenants share it.
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar())


def _handlers(plane: ControlPlane, recorder: Recorder, kinds: frozenset[str]) -> Mapping[type[Message], Handler]:
    reverse = partial(record_reversal, recorder=recorder)
    return {
        PaymentSucceeded: partial(match_payment, plane=plane, kinds=kinds, recorder=recorder),
        PaymentEnriched: partial(enrich_payment, plane=plane, kinds=kinds, recorder=recorder),
        PaymentRefunded: reverse,
        DisputeOpened: reverse,
        DisputeWon: reverse,
        DisputeLost: reverse,
        FraudWarningReceived: reverse,
        DetectionCreated: partial(apply_decision, plane=plane, recorder=recorder),
        ClickRecorded: partial(remember_click, recorder=recorder),
        CheckoutStarted: partial(remember_checkout, recorder=recorder),
        ConversionRedriveRequested: partial(redrive, recorder=recorder),
    }


@asynccontextmanager
async def _upkeep(pool: asyncpg.Pool, clock: Clock) -> AsyncIterator[None]:
    upkeep = Upkeep(clock)
    jobs: Mapping[str, tuple[timedelta, Job]] = {
        "dispatch.release_undecided": (timedelta(seconds=15), upkeep.release_undecided),
        "dispatch.count_waiting": (timedelta(seconds=15), upkeep.count_waiting),
        "dispatch.give_up_old": (timedelta(minutes=5), upkeep.give_up_old),
        "dispatch.retention": (timedelta(hours=1), partial(delete_old, clock=clock)),
    }
    async with AsyncExitStack() as stack:
        for name, (interval, job) in jobs.items():
            await stack.enter_async_context(run_periodically(pool, name, interval, job))
        yield
