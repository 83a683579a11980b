"""Composition root: settings in, running service out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

import asyncpg

from orylo_common.broker.consumer import Consumer, Handler
from orylo_common.broker.ports import Broker
from orylo_common.clock import Clock, SystemClock
from orylo_common.control.document_key_store import ensure_document_key
from orylo_common.control.keyring import Keyring, WrongMasterKey
from orylo_common.control.plane import ControlPlane, Part, open_control
from orylo_common.control.purging import PURGE_EVERY, purge_part
from orylo_common.control.switches import SwitchName, shown
from orylo_common.http.private import PrivateAPI
from orylo_common.http.server import serve_http
from orylo_common.messages import Message, ReconciliationRequested, WebhookReplayRequested
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
from orylo_ingest.endpoints.stored_webhooks import StoredWebhooksEndpoint
from orylo_ingest.endpoints.tracking import TrackingEndpoint
from orylo_ingest.endpoints.webhooks import WebhookEndpoint
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.http.rate_limiter import RateLimiter
from orylo_ingest.http.rejection_reports import RejectionReports
from orylo_ingest.http.rejections import Rejections
from orylo_ingest.http.router import Router
from orylo_ingest.metrics import start_counting
from orylo_ingest.outbox import write_messages
from orylo_ingest.reconciliation.service import open_reconciler, running_reconciliations
from orylo_ingest.routes import routes
from orylo_ingest.settings import Settings
from orylo_ingest.webhooks.admission import Admission
from orylo_ingest.webhooks.counts import WebhookCounts
from orylo_ingest.webhooks.replays import replay_webhook
from orylo_ingest.webhooks.retention import DELETE_EVERY, RETENTIONS
from orylo_ingest.webhooks.secret_use import SecretUse
from orylo_ingest.webhooks.store import DEADLINE, EventStore
from orylo_ingest.webhooks.writer import WebhookWriter

ROLE = "orylo_ingest"
PARTS = frozenset({Part.GATEWAYS, Part.SETTINGS, Part.DOCUMENT_KEY, Part.SWITCHES, Part.FLAGS})
SWITCHES_SHOWN = frozenset({SwitchName.STOP_WEBHOOKS})
# Short: a gateway that receives a 503 waits far longer before it retries.
RECOVERY = timedelta(seconds=2)
MAX_CONCURRENT_REPLAYS = 4
# For requests in progress when the server stops.
SHUTDOWN = timedelta(seconds=20)


@asynccontextmanager
async def open_app(
    settings: Settings, *, broker: Broker, redis: RedisClient, clock: Clock | None = None
) -> AsyncIterator[PrivateAPI]:
    """Accept webhooks and visits while inside. Leaving finishes requests in progress and flushes all buffers."""
    clock = clock or SystemClock()
    start_counting(GATEWAYS)
    async with AsyncExitStack() as stack:
        keyring = Keyring.parse(settings.master_key.get_secret_value())
        pool = await stack.enter_async_context(open_pool(settings.database_url, role=ROLE))
        plane = await stack.enter_async_context(
            open_control(settings.database_url, role=ROLE, keyring=keyring, parts=PARTS)
        )
        await _prepare_document_key(pool, keyring, plane)
        store = await stack.enter_async_context(EventStore.open(pool, max_waiting=settings.max_waiting))
        relay = await stack.enter_async_context(OutboxRelay(pool, "ingest", broker))
        outbox = await stack.enter_async_context(
            GroupCommit(write_messages, pool, name="ingest.outbox", single_statement=True, deadline=DEADLINE)
        )
        reports = await stack.enter_async_context(RejectionReports.open(outbox, relay, clock))
        rate_limiter = await stack.enter_async_context(RateLimiter.open(redis))
        secret_use = await stack.enter_async_context(SecretUse.open(pool))
        counts = await stack.enter_async_context(WebhookCounts.open(pool))
        replaying = CircuitBreaker("ingest.replays")
        await stack.enter_async_context(probing(replaying, partial(check_writable, pool)))
        replay = guarded(replaying, partial(replay_webhook, pool=pool, plane=plane, relay=relay, clock=clock))
        breaker = CircuitBreaker("ingest.postgres", recovery=RECOVERY)
        await stack.enter_async_context(probing(breaker, partial(check_writable, pool)))
        writer = WebhookWriter(store, relay, breaker)
        reconciler = await stack.enter_async_context(
            open_reconciler(pool, plane, keyring, writer, base_url=settings.stripe_base_url, clock=clock)
        )
        reconcile = await stack.enter_async_context(running_reconciliations(reconciler))
        handlers: Mapping[type[Message], Handler] = {
            WebhookReplayRequested: replay,
            ReconciliationRequested: guarded(replaying, reconcile),
        }
        await stack.enter_async_context(
            Consumer(broker, "ingest", handlers, prefetch=MAX_CONCURRENT_REPLAYS, gates=[replaying])
        )
        delete = partial(delete_expired, retentions=RETENTIONS)
        await stack.enter_async_context(run_periodically(pool, "ingest.retention", DELETE_EVERY, delete))
        purge = partial(purge_part, part="ingest")
        await stack.enter_async_context(run_periodically(pool, "ingest.purging", PURGE_EVERY, purge))

        health = Health()
        health.check("postgres", partial(check_writable, pool))
        health.report("breakers", circuits_not_closed)
        # Not required: while the broker is unavailable, messages wait in the outbox and webhooks are still accepted.
        health.check("broker", broker.ping, required=False)
        health.check("redis", redis.ping, required=False)
        health.report("switches", lambda: shown(plane.all_switches(), SWITCHES_SHOWN, clock.now()))

        webhooks = WebhookEndpoint(
            plane=plane,
            admission=Admission(plane, rate_limiter, settings.trusted_proxies, clock),
            rate_limiter=rate_limiter,
            secret_use=secret_use,
            writer=writer,
            rejections=Rejections(plane, reports, counts, clock, rate_limiter, settings.trusted_proxies),
            counts=counts,
            clock=clock,
            max_body_bytes=settings.max_body_bytes,
            body_timeout=settings.body_timeout,
        )
        tracking = TrackingEndpoint(
            plane=plane,
            outbox=outbox,
            relay=relay,
            breaker=breaker,
            rate_limiter=rate_limiter,
            clock=clock,
            body_timeout=settings.body_timeout,
            trusted_proxies=settings.trusted_proxies,
        )
        router = Router(routes(webhooks, tracking, health), trusted_proxies=settings.trusted_proxies)
        await stack.enter_async_context(
            serve_http(
                "ingest",
                router.handle,
                host=settings.host,
                port=settings.port,
                behind_proxy=settings.trusted_proxies > 0,
                shutdown_timeout=SHUTDOWN,
                reuse_port=settings.reuse_port,
            )
        )
        yield PrivateAPI(health, StoredWebhooksEndpoint(pool, plane, relay, clock).routes())


async def _prepare_document_key(pool: asyncpg.Pool, keyring: Keyring, plane: ControlPlane) -> None:
    # A key that cannot be decrypted is reported by the control plane. Webhooks get a 503 until it can be.
    with suppress(WrongMasterKey):
        async with pool.acquire() as connection:
            await ensure_document_key(connection, keyring)
    await plane.reload()
