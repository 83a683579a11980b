"""The health of a shop and of the platform: the status that follows from each answer."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from orylo_api.gateways.models import GatewayHealth, OutcomeCounts
from orylo_api.health.models import HealthStatus, worst
from orylo_api.health.summary import _gateway, _projection, _sentence
from orylo_api.platform import health as platform_health
from orylo_api.platform.health import _service
from orylo_common.resilience.circuit_breaker import CircuitBreaker, circuits_not_closed

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def gateway_health(*, silent_since: datetime | None = None, **counts: int) -> GatewayHealth:
    return GatewayHealth(
        last_at=NOON, rejected_at=None, counts=OutcomeCounts(**counts), usual_gap_s=60, silent_since=silent_since
    )


@pytest.mark.parametrize(
    ("health", "status"),
    [
        (None, HealthStatus.OK),
        (gateway_health(accepted=3, rejected=2), HealthStatus.OK),
        (gateway_health(duplicate=1, rejected=2), HealthStatus.OK),
        (gateway_health(rejected=2), HealthStatus.FAILED),
        (gateway_health(accepted=3, silent_since=NOON), HealthStatus.FAILED),
    ],
)
def test_a_gateway_fails_if_it_is_silent_or_everything_is_rejected(
    health: GatewayHealth | None, status: HealthStatus
) -> None:
    assert _gateway("stripe", health).status is status


def test_people_read_since_when_a_gateway_is_silent() -> None:
    silent = _gateway("hotmart", gateway_health(silent_since=NOON))
    assert _sentence(silent) == "hotmart has sent nothing since 2026-03-14 12:00 UTC."


def test_old_data_is_said_to_be_old() -> None:
    assert (_projection(-0.2).lag_s, _projection(2).status, _projection(61).status) == (0, "ok", "failed")


def test_the_worst_status_is_the_whole() -> None:
    assert worst([HealthStatus.MISSING, HealthStatus.OK]) is HealthStatus.MISSING
    assert worst([HealthStatus.MISSING, HealthStatus.FAILED, HealthStatus.OK]) is HealthStatus.FAILED
    assert worst([]) is HealthStatus.OK


async def test_only_breakers_that_are_not_closed_are_listed() -> None:
    for name, failures in (("closed", 5), ("open", 1)):
        breaker = CircuitBreaker(f"test.{name}", failures=failures)
        with pytest.raises(TimeoutError):
            async with breaker:
                raise TimeoutError
    states = circuits_not_closed()
    assert (states.get("test.closed"), states["test.open"]) == (None, "open")


@pytest.mark.parametrize(
    ("answer", "status", "detail"),
    [
        (
            (200, {"checks": {"redis": "missing (OSError)"}, "breakers": {"meta": "open"}}),
            "ok",
            "redis: missing (OSError)",
        ),
        ((503, {"checks": {"postgres": "timeout"}}), "failed", "postgres: timeout"),
        ((503, {}), "failed", "It is not ready."),
        ((200, "nonsense"), "ok", None),
        (None, "missing", "It did not answer within 0 seconds."),
    ],
)
async def test_a_service_is_ok_failed_or_missing(
    answer: tuple[int, object] | None, status: str, detail: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_health, "TIME_LIMIT", platform_health.TIME_LIMIT / 10)

    async def ready(request: web.Request) -> web.Response:
        if answer is None:
            await asyncio.sleep(1)
            return web.Response()
        return web.json_response(answer[1], status=answer[0])

    app = web.Application()
    app.router.add_get("/readyz", ready)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        health = await _service(session, "detector", str(server.make_url("/")), "ORYLO_DETECTOR_URL")
    assert (health.status, health.detail) == (status, detail)
    assert [each.name for each in health.breakers] == (["meta"] if answer and "breakers" in str(answer[1]) else [])


async def test_a_service_at_a_dead_address_is_missing() -> None:
    async with aiohttp.ClientSession() as session:
        health = await _service(session, "detector", "http://127.0.0.1:1", "ORYLO_DETECTOR_URL")
    assert (health.status, health.detail) == ("missing", "It does not answer.")
