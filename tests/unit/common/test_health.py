import asyncio
from datetime import timedelta

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import Counter

from orylo_common.http.private import serve_private
from orylo_common.telemetry import health as health_module
from orylo_common.telemetry.health import Health
from tests.support.servers import free_ports

SEEN = Counter("orylo_test_seen_total", "Only here")


class Dependency:
    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    async def ping(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


async def ask(health: Health, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    app = web.Application()
    app.add_routes(health.routes())
    async with TestClient(TestServer(app)) as client, client.get(path, headers=headers) as response:
        return response.status, await response.text()


async def test_ready_when_every_dependency_answers() -> None:
    health = Health()
    health.check("postgres", Dependency().ping)

    status, body = await ask(health, "/readyz")

    assert status == 200
    assert body == '{"status":"ready","checks":{"postgres":"ok","loops":"ok"}}'


async def test_a_missing_dependency_makes_the_service_unready_and_is_named_without_secrets() -> None:
    health, broken = Health(), Dependency()
    broken.error = OSError("cannot reach postgresql://orylo:hunter2@db")
    health.check("redis", Dependency().ping)
    health.check("postgres", broken.ping)

    status, body = await ask(health, "/readyz")

    assert status == 503
    assert body == '{"status":"unavailable","checks":{"redis":"ok","postgres":"missing (OSError)","loops":"ok"}}'


async def test_a_missing_optional_dependency_is_reported_and_the_service_stays_ready() -> None:
    health, cache = Health(), Dependency()
    cache.error = OSError("away")
    health.check("redis", cache.ping, required=False)

    status, body = await ask(health, "/readyz")

    assert status == 200
    assert '"redis":"missing (OSError)"' in body


async def test_a_hanging_dependency_is_reported_as_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "PROBE_TIMEOUT", health_module.PROBE_TIMEOUT / 40)
    health = Health()
    health.check("postgres", asyncio.Event().wait)

    assert await ask(health, "/readyz") == (
        503,
        '{"status":"unavailable","checks":{"postgres":"timeout","loops":"ok"}}',
    )


async def test_concurrent_callers_probe_a_dependency_once() -> None:
    health, dependency = Health(), Dependency()
    health.check("postgres", dependency.ping)

    await asyncio.gather(*(health.readiness() for _ in range(20)))

    assert dependency.asked == 1


async def test_the_service_is_alive_without_its_dependencies() -> None:
    health, broken = Health(), Dependency()
    broken.error = OSError("away")
    health.check("postgres", broken.ping)

    assert await ask(health, "/healthz") == (200, '{"status":"alive"}')


async def test_the_private_port_serves_metrics() -> None:
    SEEN.inc(3)
    (port,) = free_ports(1)

    async with (
        serve_private(Health(), "127.0.0.1", port),
        ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as response,
    ):
        assert "orylo_test_seen_total 3.0" in await response.text()
        assert response.headers["Content-Type"].startswith("text/plain; version=")


async def test_external_callers_see_only_whether_the_service_is_ready() -> None:
    health, broken = Health(), Dependency()
    broken.error = OSError("away")
    health.check("postgres", broken.ping)
    forwarded = {"X-Forwarded-For": "203.0.113.5"}

    assert await ask(health, "/readyz", forwarded) == (503, '{"status":"unavailable"}')
    status, body = await ask(health, "/metrics", forwarded)
    assert status == 404
    assert "orylo_" not in body


async def test_a_scrape_probes_the_dependencies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "KEEP_ANSWER", timedelta())
    health, dependency = Health(), Dependency()
    health.check("fickle", dependency.ping)

    _, body = await ask(health, "/metrics")
    assert 'orylo_dependency_up{dependency="fickle"} 1.0' in body

    dependency.error = OSError("away")
    _, body = await ask(health, "/metrics")
    assert 'orylo_dependency_up{dependency="fickle"} 0.0' in body
