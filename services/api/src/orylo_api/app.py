"""The API's composition root."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import cast

import aiohttp
import orjson
from aiohttp import web

from orylo_api.access.impersonation import END_FORGOTTEN_EVERY, end_forgotten
from orylo_api.call import CONNECTIONS, SERVICES, Services
from orylo_api.certificate import CHECK_EVERY, measure_certificate
from orylo_api.dead_letters.open_letters import measure_open
from orylo_api.dead_letters.recording import record_dead_letter
from orylo_api.destinations.dispatch_client import DispatchClient
from orylo_api.detections.detector_client import DetectorClient
from orylo_api.http.dashboard import Dashboard
from orylo_api.http.dispatch import handler_of
from orylo_api.http.hosts import refuse_other_hosts
from orylo_api.http.middleware import compress, count_requests, handle_errors, secure_headers
from orylo_api.http.openapi import build_document
from orylo_api.http.preconditions import shown_at
from orylo_api.http.reading import MAX_BODY
from orylo_api.http.request_ids import add_request_id, identify_requests
from orylo_api.http.runbooks import Runbooks
from orylo_api.job_kinds import JOB_KINDS
from orylo_api.jobs.runner import AT_ONCE, JobRunner
from orylo_api.metrics import PROJECTION_OLDEST
from orylo_api.payment_health.checks import PaymentHealthChecks
from orylo_api.payments.failed_money import measure_failed_money
from orylo_api.payments.weeks import EVERY as COMPARE_EVERY
from orylo_api.payments.weeks import compare_weeks
from orylo_api.platform.purging import purge
from orylo_api.projection.handlers import Unwritten, project_message, write_measured
from orylo_api.projection.retention import OTHERS_EVERY, STREAM_EVERY, delete_old, delete_stream_events
from orylo_api.routes import ROUTES
from orylo_api.settings import Settings
from orylo_api.stream.hub import open_stream
from orylo_api.stream.overview import OverviewWatches
from orylo_api.webhooks.ingest_client import IngestClient
from orylo_common.broker.consumer import Consumer, DeadLetterConsumer, Handler
from orylo_common.broker.ports import Broker
from orylo_common.broker.topology import QUEUES, dead_letter_queue
from orylo_common.clock import Clock, SystemClock
from orylo_common.control import Keyring
from orylo_common.control.plane import Part, open_control
from orylo_common.control.purging import PURGE_EVERY
from orylo_common.control.switches import SwitchName, shown
from orylo_common.http.server import serve_http
from orylo_common.messages import Message
from orylo_common.platform_watch import watch_platform
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.periodic import run_periodically
from orylo_common.postgres.pool import open_pool
from orylo_common.postgres.writable import check_writable
from orylo_common.redis import RedisClient
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker, circuits_not_closed
from orylo_common.resilience.probing import probing
from orylo_common.telemetry.health import Health

# Row-level security lets it see one tenant per transaction.
TENANT_ROLE = "orylo_api"
# Writes the read models of all tenants, and looks up sessions and API keys.
PROJECTOR_ROLE = "orylo_api_projector"

# The dashboard may lag by 2 s. Several messages about one payment then share a batch, and the write of its row.
PACE = timedelta(milliseconds=400)
SHUTDOWN = timedelta(seconds=10)
# Prometheus' scrape interval.
MEASURE_EVERY = timedelta(seconds=15)


@asynccontextmanager
async def open_app(
    settings: Settings, *, broker: Broker, redis: RedisClient, clock: Clock | None = None
) -> AsyncIterator[Health]:
    """Project messages and serve requests until the block is left. Only the health of payments asks Redis."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        tenant_pool = await enter(open_pool(settings.database_url, role=TENANT_ROLE, max_size=CONNECTIONS))
        private_pool = await enter(open_pool(settings.database_url, role=PROJECTOR_ROLE, max_size=8))
        batcher = await enter(GroupCommit(write_measured, private_pool, name="api.projections", pace=PACE))
        breaker, unwritten = CircuitBreaker("api.postgres"), Unwritten()
        await enter(probing(breaker, partial(check_writable, private_pool)))
        PROJECTION_OLDEST.set_function(unwritten.oldest_seconds)
        handlers: Mapping[type[Message], Handler] = dict.fromkeys(
            QUEUES["api"], partial(project_message, batcher=batcher, breaker=breaker, unwritten=unwritten)
        )
        await enter(Consumer(broker, "api", handlers, prefetch=settings.api_prefetch, gates=[breaker]))
        for queue in QUEUES:
            handle = partial(record_dead_letter, queue=queue, batcher=batcher, clock=clock)
            await enter(DeadLetterConsumer(broker, dead_letter_queue(queue), handle))
        for name, interval, job in (
            ("api.stream_retention", STREAM_EVERY, delete_stream_events),
            ("api.retention", OTHERS_EVERY, delete_old),
            ("api.purging", PURGE_EVERY, purge),
            ("api.impersonations", END_FORGOTTEN_EVERY, partial(end_forgotten, clock=clock)),
        ):
            await enter(run_periodically(private_pool, name, interval, job))

        await enter(watch_platform(private_pool, broker))
        await enter(repeating("api.open_dead_letters", partial(measure_open, private_pool), every=MEASURE_EVERY))
        await enter(
            repeating("api.failed_money", partial(measure_failed_money, private_pool, clock), every=MEASURE_EVERY)
        )
        await enter(repeating("api.weeks", partial(compare_weeks, private_pool, clock), every=COMPARE_EVERY))
        if settings.webhook_base_url:
            measure = partial(measure_certificate, settings.webhook_base_url)
            await enter(repeating("api.certificate", measure, every=CHECK_EVERY))

        private_ports = await enter(aiohttp.ClientSession())
        hub = await enter(open_stream(private_pool))
        plane = await enter(open_control(settings.database_url, role=PROJECTOR_ROLE, parts=frozenset({Part.SWITCHES})))
        health = Health()
        services = Services(
            tenant_pool=tenant_pool,
            private_pool=private_pool,
            keyring=Keyring.parse(settings.master_key.get_secret_value()),
            broker=broker,
            relay=await enter(OutboxRelay(private_pool, "api", broker)),
            hub=hub,
            overviews=OverviewWatches(tenant_pool, hub, clock),
            plane=plane,
            payment_health=PaymentHealthChecks(private_pool, redis, plane, clock),
            detector=DetectorClient(private_ports, settings.detector_url),
            dispatch=DispatchClient(private_ports, settings.dispatch_url),
            ingest=IngestClient(private_ports, settings.ingest_private_url),
            http=private_ports,
            clock=clock,
            settings=settings,
            document=orjson.dumps(build_document(ROUTES)),
            health=health,
            projection_lag_s=unwritten.oldest_seconds,
        )
        # Apart from the requests' connections, so that no request waits for a job.
        job_pool = await enter(open_pool(settings.database_url, role=TENANT_ROLE, max_size=AT_ONCE))
        await enter(JobRunner(services, job_pool, JOB_KINDS).running())
        health.check("postgres", partial(check_writable, tenant_pool))
        health.report("breakers", circuits_not_closed)
        health.check("broker", broker.ping)
        health.report("switches", lambda: shown(plane.all_switches(), frozenset(SwitchName), clock.now()))
        await enter(_listen(services, health))
        yield health


@asynccontextmanager
async def _listen(services: Services, health: Health) -> AsyncIterator[None]:
    settings = services.settings
    runner = web.AppRunner(make_web_app(services, health))
    await runner.setup()
    try:
        routed = cast(web.Server, runner.server)
        async with serve_http(
            "api",
            routed.request_handler,
            request_factory=routed.request_factory,
            host=settings.api_host,
            port=settings.api_port,
            behind_proxy=settings.api_trusted_proxies > 0,
            shutdown_timeout=SHUTDOWN,
        ):
            try:
                yield
            finally:
                # Otherwise a stop would wait for the streams.
                services.hub.end_all()
    finally:
        await runner.cleanup()


def make_web_app(services: Services, health: Health) -> web.Application:
    middlewares = [identify_requests, compress, count_requests, handle_errors]
    if services.settings.api_loopback_names_only:
        middlewares.append(refuse_other_hosts)
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    app[SERVICES] = services
    app.on_response_prepare.append(add_request_id)
    app.on_response_prepare.append(partial(secure_headers, trusted_proxies=services.settings.api_trusted_proxies))
    app.add_routes(health.routes())
    for route in ROUTES:
        handler = handler_of(route, shown_at(route.path, ROUTES) if route.edits else None)
        for method in route.methods:
            app.router.add_route(method, route.path, handler)
    app.add_routes(Runbooks().routes())
    app.add_routes(Dashboard().routes())
    return app
