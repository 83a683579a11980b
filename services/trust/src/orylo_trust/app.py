"""The trust service's composition root."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from orylo_common.broker.consumer import Consumer, Handler
from orylo_common.broker.ports import Broker
from orylo_common.control.plane import Part, open_control
from orylo_common.control.purging import PURGE_EVERY, purge_part
from orylo_common.http.private import PrivateAPI
from orylo_common.messages import (
    CustomerMergeDecided,
    CustomerStatusSet,
    CustomerTrustCorrected,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    Message,
    PaymentBlocked,
    PaymentBlockLifted,
    PaymentEnriched,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
    ProviderActionChanged,
    VerdictGiven,
)
from orylo_common.platform_watch import watch_platform
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.periodic import run_periodically
from orylo_common.postgres.pool import open_pool
from orylo_common.postgres.writable import check_writable
from orylo_common.redis import RedisClient
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker, circuits_not_closed, guarded
from orylo_common.resilience.probing import probing
from orylo_common.telemetry.health import Health
from orylo_trust import endpoint
from orylo_trust.adapters.redis_standings import RedisStandings
from orylo_trust.expiry import expire_statuses
from orylo_trust.handlers import (
    decide_merge,
    excuse_refund,
    link_customers,
    post_block,
    post_correction,
    post_fact,
    post_verdict,
    set_status,
)
from orylo_trust.settings import Settings
from orylo_trust.standings import Standings
from orylo_trust.store import write_postings

ROLE = "orylo_trust"
# No caller waits for a score, and a batch collected for this long is many times larger.
PACE = timedelta(milliseconds=200)
# The detector ends a status on time. Until the next run, only screens show it.
EXPIRE_EVERY = timedelta(seconds=5)


@asynccontextmanager
async def open_app(settings: Settings, *, broker: Broker, redis: RedisClient) -> AsyncIterator[PrivateAPI]:
    """Keep the ledger while inside. Leaving finishes the messages in hand."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pool = await enter(open_pool(settings.database_url, role=ROLE, max_size=4))
        plane = await enter(open_control(settings.database_url, role=ROLE, parts=frozenset({Part.SETTINGS})))
        relay = await enter(OutboxRelay(pool, "trust", broker))
        breaker = CircuitBreaker("trust.redis", failures=3, recovery=timedelta(seconds=5))
        await enter(probing(breaker, redis.ping))
        cache = await enter(RedisStandings(redis, breaker))
        ledger = await enter(GroupCommit(write_postings, pool, name="trust.ledger", pace=PACE))

        def handler(function: Callable[..., Awaitable[None]]) -> Handler:
            return partial(function, plane=plane, ledger=ledger, offer=relay.offer, cache=cache)

        post = handler(post_fact)
        handlers: Mapping[type[Message], Handler] = {
            PaymentSucceeded: post,
            PaymentEnriched: handler(link_customers),
            PaymentBlocked: handler(post_block),
            PaymentBlockLifted: handler(post_block),
            PaymentRefunded: post,
            PaymentRefundFailed: post,
            DisputeOpened: post,
            DisputeWon: post,
            DisputeLost: post,
            FraudWarningReceived: post,
            ProviderActionChanged: handler(excuse_refund),
            VerdictGiven: handler(post_verdict),
            CustomerStatusSet: handler(set_status),
            CustomerTrustCorrected: handler(post_correction),
            CustomerMergeDecided: handler(decide_merge),
        }
        postgres = CircuitBreaker("trust.postgres")
        await enter(probing(postgres, partial(check_writable, pool)))
        handlers = {message: guarded(postgres, handler) for message, handler in handlers.items()}
        await enter(Consumer(broker, "trust", handlers, prefetch=settings.trust_prefetch, gates=[postgres]))

        expire = partial(expire_statuses, pool=pool, plane=plane, ledger=ledger, offer=relay.offer, cache=cache)
        await enter(repeating("trust.status_expiry", expire, every=EXPIRE_EVERY))
        await enter(run_periodically(pool, "trust.purging", PURGE_EVERY, partial(purge_part, part="trust")))

        await enter(watch_platform(pool, broker))
        health = Health()
        health.check("postgres", partial(check_writable, pool))
        health.report("breakers", circuits_not_closed)
        health.check("broker", broker.ping)
        health.check("redis", redis.ping, required=False)
        yield PrivateAPI(health, endpoint.routes(Standings(pool, cache), pool))
