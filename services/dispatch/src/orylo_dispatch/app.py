"""The dispatch service's composition root."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import asyncpg

from orylo_common.broker.consumer import Consumer, Handler
from orylo_common.broker.ports import Broker
from orylo_common.clock import Clock, SystemClock
from orylo_common.control import Keyring
from orylo_common.control.plane import ControlPlane, Part, open_control
from orylo_common.control.sections.actions import ActionPolicy
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
    PaymentRefundFailed,
    PaymentSucceeded,
    ProviderActionRedriveRequested,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.periodic import PeriodicJob, run_periodically
from orylo_common.postgres.pool import open_pool
from orylo_common.postgres.writable import check_writable
from orylo_common.redis import RedisClient
from orylo_common.resilience.circuit_breaker import CircuitBreaker, guarded
from orylo_common.telemetry.health import Health
from orylo_dispatch.actions.facts import ActionEffects, ActionFact
from orylo_dispatch.actions.handlers import ActionRecorder, act_on_decision, prevent_refund, redrive_action
from orylo_dispatch.actions.rows import ACTION_COLUMNS
from orylo_dispatch.actions.store import ActionStore
from orylo_dispatch.conversions.announcements import CONVERSION_COLUMNS
from orylo_dispatch.conversions.decisions import release_undecided
from orylo_dispatch.conversions.facts import Fact, SideEffects
from orylo_dispatch.conversions.retention import delete_old
from orylo_dispatch.conversions.store import FactStore
from orylo_dispatch.delivery.destination_states import DestinationStates
from orylo_dispatch.delivery.maintenance import DeliveryMaintenance
from orylo_dispatch.delivery.queue import DeliveryQueue
from orylo_dispatch.delivery.sender import Sender
from orylo_dispatch.delivery.sink import SinkKind
from orylo_dispatch.destinations.meta.limits import MAX_AGE
from orylo_dispatch.destinations.meta.sink import MetaConversions
from orylo_dispatch.destinations.stripe.limits import MAX_AGE as MAX_ACTION_AGE
from orylo_dispatch.destinations.stripe.sink import StripeActions
from orylo_dispatch.handlers import (
    Recorder,
    apply_decision,
    enrich_payment,
    match_payment,
    record_checkout,
    record_click,
    record_reversal,
    redrive_conversion,
)
from orylo_dispatch.settings import Settings

ROLE = "orylo_dispatch"
# A small part of the half second until a conversion is sent. A payment and the decision on it share a batch.
PACE = timedelta(milliseconds=30)
PARTS = frozenset({Part.DESTINATIONS, Part.SETTINGS})


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    broker: Broker,
    redis: RedisClient,
    clock: Clock = SystemClock(),  # noqa: B008  has no state
) -> AsyncIterator[Health]:
    """Match and send conversions until the context ends, then finish the requests in progress."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pool = await enter(open_pool(settings.database_url, role=ROLE))
        keyring = Keyring.parse(settings.master_key.get_secret_value())
        plane = await enter(open_control(settings.database_url, role=ROLE, keyring=keyring, parts=PARTS))
        relay = await enter(OutboxRelay(pool, "dispatch", broker))
        session = await enter(_open_session())
        kinds: Mapping[str, SinkKind] = {"meta": _meta(settings, session)}
        providers: Mapping[str, SinkKind] = {"stripe": _stripe(settings, session, plane)}
        states = DestinationStates(pool, offer=relay.offer)
        open_sender = partial(Sender, states=states, plane=plane, offer=relay.offer, clock=clock)
        sender = await enter(open_sender(DeliveryQueue(pool, CONVERSION_COLUMNS), kinds=kinds))
        actor = await enter(open_sender(DeliveryQueue(pool, ACTION_COLUMNS), kinds=providers))
        store = FactStore(clock)
        writer: GroupCommit[Fact, SideEffects] = GroupCommit(
            store.write, pool, name="dispatch.facts", pace=PACE, gather=True
        )
        await enter(writer)
        actions: GroupCommit[ActionFact, ActionEffects] = GroupCommit(
            ActionStore(clock).write, pool, name="dispatch.actions", pace=PACE, gather=True
        )
        await enter(actions)
        handlers = _merged(
            _conversion_handlers(plane, Recorder(writer.add, offer=relay.offer, wake=sender.wake), frozenset(kinds)),
            _action_handlers(
                plane, ActionRecorder(actions.add, offer=relay.offer, wake=actor.wake), frozenset(providers)
            ),
        )
        postgres = CircuitBreaker("dispatch.postgres")
        handlers = {message: guarded(postgres, handler) for message, handler in handlers.items()}
        await enter(Consumer(broker, "dispatch", handlers, prefetch=settings.dispatch_prefetch, gates=[postgres]))
        await enter(_maintenance(pool, kinds, providers, clock))

        health = Health()
        health.check("postgres", partial(check_writable, pool))
        health.check("broker", broker.ping)
        yield health


def _open_session() -> aiohttp.ClientSession:
    # Without a limit of connections, because a destination that hangs must not use up those of another. Without
    # cookies, because tenants share the session.
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar())


def _meta(settings: Settings, session: aiohttp.ClientSession) -> SinkKind:
    base_url = f"{settings.meta_base_url}/{settings.meta_api_version}"
    return SinkKind(partial(MetaConversions, session=session, base_url=base_url), max_age=MAX_AGE)


def _stripe(settings: Settings, session: aiohttp.ClientSession, plane: ControlPlane) -> SinkKind:
    connect = partial(
        StripeActions,
        session=session,
        base_url=settings.stripe_base_url,
        mode_of=lambda tenant_id: plane.settings(tenant_id, ActionPolicy).on_block,
    )
    return SinkKind(connect, max_age=MAX_ACTION_AGE)


def _conversion_handlers(
    plane: ControlPlane, recorder: Recorder, kinds: frozenset[str]
) -> Mapping[type[Message], Handler]:
    reverse = partial(record_reversal, recorder=recorder)
    return {
        PaymentSucceeded: partial(match_payment, plane=plane, kinds=kinds, recorder=recorder),
        PaymentEnriched: partial(enrich_payment, plane=plane, kinds=kinds, recorder=recorder),
        PaymentRefunded: reverse,
        PaymentRefundFailed: reverse,
        DisputeOpened: reverse,
        DisputeWon: reverse,
        DisputeLost: reverse,
        FraudWarningReceived: reverse,
        DetectionCreated: partial(apply_decision, plane=plane, kinds=kinds, recorder=recorder),
        ClickRecorded: partial(record_click, recorder=recorder),
        CheckoutStarted: partial(record_checkout, recorder=recorder),
        ConversionRedriveRequested: partial(redrive_conversion, recorder=recorder),
    }


def _action_handlers(
    plane: ControlPlane, recorder: ActionRecorder, kinds: frozenset[str]
) -> Mapping[type[Message], Handler]:
    prevent = partial(prevent_refund, plane=plane, kinds=kinds, recorder=recorder)
    return {
        DetectionCreated: partial(act_on_decision, plane=plane, kinds=kinds, recorder=recorder),
        PaymentRefunded: prevent,
        DisputeOpened: prevent,
        DisputeLost: prevent,
        ProviderActionRedriveRequested: partial(redrive_action, recorder=recorder),
    }


def _merged(*tables: Mapping[type[Message], Handler]) -> Mapping[type[Message], Handler]:
    """Return one table. A message of several tables is handled by each, one after another."""
    messages = {message for table in tables for message in table}
    return {message: _in_turn([table[message] for table in tables if message in table]) for message in messages}


def _in_turn(handlers: Sequence[Handler]) -> Handler:
    async def handle(message: Any) -> None:
        for handler in handlers:
            await handler(message)

    return handlers[0] if len(handlers) == 1 else handle


@asynccontextmanager
async def _maintenance(
    pool: asyncpg.Pool, kinds: Mapping[str, SinkKind], providers: Mapping[str, SinkKind], clock: Clock
) -> AsyncIterator[None]:
    deliveries = DeliveryMaintenance(clock, CONVERSION_COLUMNS, _max_ages(kinds))
    actions = DeliveryMaintenance(clock, ACTION_COLUMNS, _max_ages(providers))
    jobs: Mapping[str, tuple[timedelta, PeriodicJob]] = {
        "dispatch.release_undecided": (timedelta(seconds=15), partial(release_undecided, clock=clock)),
        "dispatch.count_waiting": (timedelta(seconds=15), deliveries.count_waiting),
        "dispatch.discard_expired": (timedelta(minutes=5), deliveries.discard_expired),
        "dispatch.discard_expired_actions": (timedelta(minutes=5), actions.discard_expired),
        "dispatch.retention": (timedelta(hours=1), partial(delete_old, clock=clock)),
    }
    async with AsyncExitStack() as stack:
        for name, (interval, job) in jobs.items():
            await stack.enter_async_context(run_periodically(pool, name, interval, job))
        yield


def _max_ages(kinds: Mapping[str, SinkKind]) -> Mapping[str, timedelta]:
    return {name: kind.max_age for name, kind in kinds.items()}
