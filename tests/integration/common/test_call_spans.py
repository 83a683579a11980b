"""Calls of PostgreSQL, Redis and HTTP servers are spans with the ids of the payment that they are about."""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import Connection, open_pool
from orylo_common.redis import connect
from orylo_common.telemetry.http_traces import request_spans, template_of
from orylo_common.telemetry.traces import configure_traces, identify, span
from tests.support.collector import Collector, attributes_of, running_collector

pytestmark = pytest.mark.integration

IDS = {"orylo.tenant_id": "t1", "orylo.event_id": "e1", "orylo.payment_id": "stripe:pi_1"}
SELECT = "SELECT $1::text AS private FROM control.tenants"


def about(number: int) -> dict[str, str]:
    return {"tenant_id": "t1", "event_id": f"e{number}", "payment_id": f"stripe:pi_{number}"}


async def serve(status: int) -> TestServer:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    return server


async def test_each_call_has_the_ids_and_no_value(postgres_dsn: str, redis_url: str) -> None:
    server = await serve(503)
    with running_collector() as collector:
        with configure_traces("test", collector.endpoint):
            async with (
                open_pool(postgres_dsn, role="postgres") as pool,
                connect(redis_url, timeout_s=5) as redis,
                aiohttp.ClientSession(trace_configs=request_spans()) as session,
            ):
                with span("process test"):
                    identify(**about(1))
                    await pool.fetch(SELECT, "private")
                    await redis.set("private", "private")
                    async with session.post(server.make_url("/v26.0/1234/events?token=private")):
                        pass
        spans = collector.spans()
    port = server.port
    await server.close()

    expected: dict[str, dict[str, Any]] = {
        "SELECT control.tenants": {
            "db.system.name": "postgresql",
            "db.operation.name": "SELECT",
            "db.collection.name": "control.tenants",
            "db.query.summary": "SELECT control.tenants",
        },
        "SET": {"db.system.name": "redis", "db.operation.name": "SET"},
        "POST /v26.0/{id}/events": {
            "http.request.method": "POST",
            "http.response.status_code": 503,
            "server.address": "127.0.0.1",
            "server.port": port,
            "url.template": "/v26.0/{id}/events",
        },
    }
    for name, attributes in expected.items():
        assert attributes_of(spans[name]) == attributes | IDS
        assert spans[name].parent_span_id == spans["process test"].span_id
        assert spans[name].kind == spans[name].SPAN_KIND_CLIENT
    assert b"private" not in b"".join(collector.raw)


async def test_a_batch_is_a_trace_of_its_own_that_links_to_its_callers(postgres_dsn: str) -> None:
    async def write(connection: Connection, items: Sequence[int]) -> Sequence[None]:
        await connection.execute("SELECT count(*) FROM control.tenants")
        return [None] * len(items)

    async def add(commits: GroupCommit[int, None], number: int) -> None:
        with span(f"caller {number}"):
            identify(**about(number))
            await commits.add(number)

    async def batches(collector: Collector, *numbers: int) -> dict[str, Any]:
        with configure_traces("test", collector.endpoint):
            async with (
                open_pool(postgres_dsn, role="postgres") as pool,
                GroupCommit(write, pool, name="test") as commits,
            ):
                await asyncio.gather(*(add(commits, number) for number in numbers))
        return dict(collector.spans())

    with running_collector() as collector:
        spans = await batches(collector, 1, 2)
    batch = spans["commit test"]
    assert [attributes_of(link)["orylo.payment_id"] for link in batch.links] == ["stripe:pi_1", "stripe:pi_2"]
    assert [link.span_id for link in batch.links] == [spans["caller 1"].span_id, spans["caller 2"].span_id]
    assert batch.parent_span_id == b""
    assert attributes_of(batch) == {"orylo.tenant_id": "t1"}

    with running_collector() as collector:
        spans = await batches(collector, 1)
    assert attributes_of(spans["SELECT control.tenants"]).items() >= IDS.items()


async def test_a_call_that_fails_is_an_error(postgres_dsn: str) -> None:
    with running_collector() as collector:
        with configure_traces("test", collector.endpoint):
            async with aiohttp.ClientSession(trace_configs=request_spans()) as session:
                with pytest.raises(aiohttp.ClientError):
                    await session.get("http://127.0.0.1:1/events")
        failed = collector.spans()["GET /events"]

    assert failed.status.code == failed.status.STATUS_CODE_ERROR
    assert attributes_of(failed)["error.type"] == "ClientConnectorError"


def test_without_tracing_requests_are_not_traced() -> None:
    assert request_spans() == []


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/refunds", "/v1/refunds"),
        ("/v1/payment_intents/pi_3ABC/cancel", "/v1/payment_intents/{id}/cancel"),
        ("/v26.0/1234567890", "/v26.0/{id}"),
        ("/1234", "/{id}"),
        ("/", "/"),
    ],
)
def test_a_path_without_its_ids(path: str, template: str) -> None:
    assert template_of(path) == template
