"""The detector's composition root."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from orylo_common.broker.consumer import Consumer, Handler
from orylo_common.broker.ports import Broker
from orylo_common.clock import SystemClock
from orylo_common.control.plane import Part, open_control
from orylo_common.control.purging import PURGE_EVERY, purge_part
from orylo_common.http.private import PrivateAPI
from orylo_common.messages import (
    CustomerMerged,
    CustomerUnmerged,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    Message,
    PaymentCreated,
    PaymentEnriched,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
    ProviderActionChanged,
    TrustUpdated,
    VerdictGiven,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.periodic import run_periodically
from orylo_common.postgres.pool import open_pool
from orylo_common.postgres.retention import delete_expired
from orylo_common.postgres.writable import check_writable
from orylo_common.redis import RedisClient
from orylo_common.resilience.circuit_breaker import CircuitBreaker, circuits_not_closed, guarded
from orylo_common.resilience.probing import probing
from orylo_common.telemetry.health import Health
from orylo_detector.adapters.ip_countries import allocated_country, open_country_database
from orylo_detector.adapters.redis_attempts import RedisAttempts
from orylo_detector.backtests import BacktestEndpoint, stored_entries
from orylo_detector.detectors.custom_rules import RuleBook
from orylo_detector.engine import Engine
from orylo_detector.evaluation import EvaluationEndpoint
from orylo_detector.feature_reader import FeatureReader
from orylo_detector.fuse import FuseMonitor
from orylo_detector.handlers import (
    copy_people,
    copy_trust,
    decide_payment,
    learn_entities,
    learn_incident,
    learn_own_refund,
)
from orylo_detector.list_additions import write_additions
from orylo_detector.payment_locks import PaymentLocks
from orylo_detector.policies import FlaggedPolicies
from orylo_detector.retention import DELETE_EVERY, RETENTIONS
from orylo_detector.settings import Settings
from orylo_detector.store import decisions, entities, learning
from orylo_detector.store.history import PostgresHistory

ROLE = "orylo_detector"
PARTS = frozenset({Part.SETTINGS, Part.RULES})
# A small part of the 50 ms budget of a decision.
PACE = timedelta(milliseconds=5)
# Feedback is days old. Many payments of one product share a row, so a batch that is collected for longer is smaller.
COUNT_PACE = timedelta(milliseconds=250)
# The copy of the trust scores lags by a message's delivery anyway.
COPY_PACE = timedelta(milliseconds=250)


def both(first: Handler, second: Handler) -> Handler:
    """Return a handler that passes a message to two, which recognise a message that is delivered again."""

    async def handle(message: Any) -> None:
        await first(message)
        await second(message)

    return handle


@asynccontextmanager
async def open_app(settings: Settings, *, broker: Broker, redis: RedisClient) -> AsyncIterator[PrivateAPI]:
    """Decide on payments while inside. Leaving finishes the messages in hand."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pool = await enter(open_pool(settings.database_url, role=ROLE, plan_once=True))
        plane = await enter(
            open_control(settings.database_url, role=ROLE, parts=frozenset({Part.SETTINGS, Part.RULES, Part.FLAGS}))
        )
        relay = await enter(OutboxRelay(pool, "detector", broker))
        decided = await enter(
            GroupCommit(decisions.record_payments, pool, name="detector.decisions", single_statement=True, pace=PACE)
        )
        incidents = await enter(
            GroupCommit(learning.learn_incidents, pool, name="detector.incidents", single_statement=True, pace=PACE)
        )
        trust = await enter(
            GroupCommit(learning.copy_trust, pool, name="detector.trust", single_statement=True, pace=COPY_PACE)
        )
        counted = await enter(
            GroupCommit(entities.learn_entities, pool, name="detector.entities", pace=COUNT_PACE, gather=True)
        )
        people = await enter(GroupCommit(learning.copy_people, pool, name="detector.people"))

        lists = await enter(GroupCommit(write_additions, pool, name="detector.lists", single_statement=True, pace=PACE))
        rules = RuleBook(plane)
        plane.after_reload(rules.follow)
        fuse = FuseMonitor(pool, plane, SystemClock())
        await enter(fuse.running())
        file = settings.detector_country_database
        country = allocated_country if file is None else open_country_database(file)
        breaker = CircuitBreaker("detector.redis", failures=3, recovery=timedelta(seconds=5))
        await enter(probing(breaker, redis.ping))
        attempts = RedisAttempts(redis, breaker)
        history, engine, policies = PostgresHistory(pool), Engine(rules=rules), FlaggedPolicies(plane)
        decide = partial(
            decide_payment,
            features=FeatureReader(attempts, history, country),
            engine=engine,
            policies=policies,
            payments=decided,
            offer=relay.offer,
            observe=fuse.observe,
            lists=lists,
            locks=PaymentLocks(),
        )
        learn = partial(learn_incident, incidents=incidents)
        count = partial(learn_entities, entities=counted)
        handlers: Mapping[type[Message], Handler] = {
            PaymentCreated: decide,
            PaymentSucceeded: both(decide, count),
            PaymentEnriched: both(decide, count),
            PaymentFailed: decide,
            PaymentRefunded: learn,
            PaymentRefundFailed: learn,
            DisputeOpened: both(learn, count),
            DisputeWon: both(learn, count),
            DisputeLost: both(learn, count),
            FraudWarningReceived: both(learn, count),
            ProviderActionChanged: partial(learn_own_refund, incidents=incidents),
            VerdictGiven: count,
            TrustUpdated: partial(copy_trust, trust=trust),
            CustomerMerged: partial(copy_people, people=people),
            CustomerUnmerged: partial(copy_people, people=people),
        }
        postgres = CircuitBreaker("detector.postgres")
        await enter(probing(postgres, partial(check_writable, pool)))
        handlers = {message: guarded(postgres, handler) for message, handler in handlers.items()}
        await enter(Consumer(broker, "detector", handlers, prefetch=settings.detector_prefetch, gates=[postgres]))
        delete = partial(delete_expired, retentions=RETENTIONS)
        await enter(run_periodically(pool, "detector.retention", DELETE_EVERY, delete))
        await enter(run_periodically(pool, "detector.purging", PURGE_EVERY, partial(purge_part, part="detector")))

        health = Health()
        health.check("postgres", partial(check_writable, pool))
        health.report("breakers", circuits_not_closed)
        health.check("broker", broker.ping)
        health.check("redis", redis.ping, required=False)
        trial = FeatureReader(RedisAttempts(redis, breaker, read_only=True), history, country)
        evaluation = EvaluationEndpoint(pool, decide, trial, engine, policies)
        backtests = BacktestEndpoint(plane, partial(stored_entries, pool))
        yield PrivateAPI(health, [*evaluation.routes(), *backtests.routes()])
