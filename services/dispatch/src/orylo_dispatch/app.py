"""The dispatch service's composition root."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from orylo_common.broker.consumer import Consumer, Handler
from orylo_common.broker.ports import Broker
from orylo_common.clock import Clock, SystemClock
from orylo_common.control import Keyring
from orylo_common.control.plane import ControlPlane, Part, open_control
from orylo_common.control.switches import SwitchName, shown
from orylo_common.http.private import PrivateAPI
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
from orylo_common.postgres.pool import open_pool
from orylo_common.postgres.writable import check_writable
from orylo_common.redis import RedisClient
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker, circuits_not_closed, guarded
from orylo_common.resilience.probing import probing
from orylo_common.telemetry.health import Health
from orylo_dispatch.actions.facts import ActionFact
from orylo_dispatch.actions.handlers import act_on_decision, prevent_refund, redrive_action
from orylo_dispatch.actions.rows import ACTION_COLUMNS
from orylo_dispatch.actions.store import ActionStore
from orylo_dispatch.conversions.announcements import CONVERSION_COLUMNS
from orylo_dispatch.conversions.facts import Fact
from orylo_dispatch.conversions.meeting import Meeting
from orylo_dispatch.conversions.store import FactStore
from orylo_dispatch.delivery.checks import DestinationChecks
from orylo_dispatch.delivery.destination_states import DestinationStates
from orylo_dispatch.delivery.quality_reports import QualityReports
from orylo_dispatch.delivery.queue import DeliveryQueue
from orylo_dispatch.delivery.recorder import Recorder, SideEffects
from orylo_dispatch.delivery.sender import Sender
from orylo_dispatch.delivery.sink import SinkKind
from orylo_dispatch.delivery.token_expiry import CHECK_EVERY, TokenExpiry
from orylo_dispatch.handlers import (
    apply_decision,
    enrich_payment,
    match_payment,
    record_checkout,
    record_click,
    record_reversal,
    redrive_conversion,
)
from orylo_dispatch.kinds import meta, open_session, stripe
from orylo_dispatch.maintenance import maintenance
from orylo_dispatch.metrics import start_counting
from orylo_dispatch.private_port import DeliveryEndpoints
from orylo_dispatch.settings import Settings

ROLE = "orylo_dispatch"
# A part of the half second until a conversion is sent. Payments and the decisions on them share a batch, and deliveries
# that become due together share a claim, a request and a result.
PACE = timedelta(milliseconds=60)
PARTS = frozenset({Part.DESTINATIONS, Part.SETTINGS, Part.SWITCHES, Part.FLAGS})
SWITCHES_SHOWN = frozenset({SwitchName.STOP_SENDING})


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    broker: Broker,
    redis: RedisClient,
    clock: Clock = SystemClock(),  # noqa: B008  has no state
) -> AsyncIterator[PrivateAPI]:
    """Match and send conversions until the context ends, then finish the requests in progress.

    Yields the health, and the routes that show attempts and check destinations.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pool = await enter(open_pool(settings.database_url, role=ROLE))
        keyring = Keyring.parse(settings.master_key.get_secret_value())
        plane = await enter(open_control(settings.database_url, role=ROLE, keyring=keyring, parts=PARTS))
        relay = await enter(OutboxRelay(pool, "dispatch", broker))
        session = await enter(open_session())
        kinds: Mapping[str, SinkKind] = {"meta": meta(settings, session)}
        providers: Mapping[str, SinkKind] = {"stripe": stripe(settings, session, plane)}
        start_counting([*kinds, *providers])
        states = DestinationStates(pool, offer=relay.offer)
        open_sender = partial(Sender, states=states, plane=plane, offer=relay.offer, clock=clock)
        sender = await enter(open_sender(DeliveryQueue(pool, CONVERSION_COLUMNS), kinds=kinds))
        actor = await enter(open_sender(DeliveryQueue(pool, ACTION_COLUMNS), kinds=providers))
        store = FactStore(clock)
        writer: GroupCommit[Fact, SideEffects] = GroupCommit(
            store.write, pool, name="dispatch.facts", pace=PACE, gather=True
        )
        await enter(writer)
        actions: GroupCommit[ActionFact, SideEffects] = GroupCommit(
            ActionStore(clock).write, pool, name="dispatch.actions", pace=PACE, gather=True
        )
        await enter(actions)
        handlers = _merged(
            _conversion_handlers(
                plane,
                Recorder(writer.add, offer=relay.offer, wake=sender.wake),
                frozenset(kinds),
                # Waiting payments leave room for the decisions that they wait for.
                Meeting(max_waiting=settings.dispatch_prefetch // 2),
            ),
            _action_handlers(plane, Recorder(actions.add, offer=relay.offer, wake=actor.wake), frozenset(providers)),
        )
        postgres = CircuitBreaker("dispatch.postgres")
        await enter(probing(postgres, partial(check_writable, pool)))
        handlers = {message: guarded(postgres, handler) for message, handler in handlers.items()}
        await enter(Consumer(broker, "dispatch", handlers, prefetch=settings.dispatch_prefetch, gates=[postgres]))
        await enter(maintenance(pool, kinds, providers, clock))
        tokens = TokenExpiry(pool, plane, kinds, clock, offer=relay.offer)
        await enter(repeating("dispatch.token_expiry", tokens.check, every=CHECK_EVERY))

        health = Health()
        health.check("postgres", partial(check_writable, pool))
        health.report("breakers", circuits_not_closed)
        health.check("broker", broker.ping)
        health.report("switches", lambda: shown(plane.all_switches(), SWITCHES_SHOWN, clock.now()))
        wakers = {**dict.fromkeys(kinds, sender.wake), **dict.fromkeys(providers, actor.wake)}
        checks = DestinationChecks(plane, {**kinds, **providers}, states, wakers, clock)
        yield PrivateAPI(health, DeliveryEndpoints(pool, checks, QualityReports(checks), clock).routes())


def _conversion_handlers(
    plane: ControlPlane, recorder: Recorder[Fact], kinds: frozenset[str], meeting: Meeting
) -> Mapping[type[Message], Handler]:
    reverse = partial(record_reversal, recorder=recorder)
    return {
        PaymentSucceeded: partial(match_payment, plane=plane, kinds=kinds, recorder=recorder, meeting=meeting),
        PaymentEnriched: partial(enrich_payment, plane=plane, kinds=kinds, recorder=recorder),
        PaymentRefunded: reverse,
        PaymentRefundFailed: reverse,
        DisputeOpened: reverse,
        DisputeWon: reverse,
        DisputeLost: reverse,
        FraudWarningReceived: reverse,
        DetectionCreated: partial(apply_decision, plane=plane, kinds=kinds, recorder=recorder, meeting=meeting),
        ClickRecorded: partial(record_click, recorder=recorder),
        CheckoutStarted: partial(record_checkout, recorder=recorder),
        ConversionRedriveRequested: partial(redrive_conversion, recorder=recorder),
    }


def _action_handlers(
    plane: ControlPlane, recorder: Recorder[ActionFact], kinds: frozenset[str]
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
