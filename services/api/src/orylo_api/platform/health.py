"""The health of all services, queues and breakers, for operators. Each part has a bounded time."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp

from orylo_api.access.roles import Permission
from orylo_api.call import Call, Services
from orylo_api.health.models import HealthStatus, worst
from orylo_api.http.route import Route
from orylo_api.platform.health_models import BreakerCondition, PlatformHealth, QueueHealth, ServiceHealth
from orylo_api.switches.models import ActiveSwitch
from orylo_common.broker.topology import QUEUES, dead_letter_queue
from orylo_common.control.switches import PLATFORM
from orylo_common.resilience.circuit_breaker import circuits_not_closed

TIME_LIMIT = timedelta(seconds=2)


async def show_platform_health(call: Call[None, None, None]) -> PlatformHealth:
    services, now = call.services, call.services.clock.now()
    settings = services.settings
    addresses = (
        ("ingest", settings.ingest_private_url, "ORYLO_INGEST_PRIVATE_URL"),
        ("detector", settings.detector_url, "ORYLO_DETECTOR_URL"),
        ("trust", settings.trust_url, "ORYLO_TRUST_URL"),
        ("dispatch", settings.dispatch_url, "ORYLO_DISPATCH_URL"),
    )
    asked, queues = await asyncio.gather(
        asyncio.gather(_own(services), *(_service(services.http, *each) for each in addresses)),
        asyncio.gather(*(_queue(services, name) for name in QUEUES)),
    )
    return PlatformHealth(
        generated_at=now,
        status=worst([each.status for each in (*asked, *queues)]),
        services=asked,
        queues=queues,
        projection_lag_s=round(max(services.projection_lag_s(), 0.0), 3),
        switches=[
            ActiveSwitch.of(each)
            for each in services.plane.all_switches()
            if each.tenant_id == PLATFORM and each.applies(now)
        ],
    )


async def _own(services: Services) -> ServiceHealth:
    readiness = await services.health.readiness()
    return _answered("api", readiness.ready, {"checks": readiness.checks, "breakers": circuits_not_closed()})


async def _service(session: aiohttp.ClientSession, name: str, url: str | None, variable: str) -> ServiceHealth:
    if url is None:
        return _missing(name, f"The API does not know its address: set {variable}.")
    timeout = aiohttp.ClientTimeout(total=TIME_LIMIT.total_seconds())
    try:
        async with session.get(f"{url.rstrip('/')}/readyz", timeout=timeout) as response:
            body = await response.json(content_type=None)
            return _answered(name, response.status == 200, body if isinstance(body, Mapping) else {})
    except TimeoutError:
        return _missing(name, f"It did not answer within {TIME_LIMIT.total_seconds():.0f} seconds.")
    except (aiohttp.ClientError, ValueError):
        return _missing(name, "It does not answer.")


def _answered(name: str, ready: bool, body: Mapping[str, Any]) -> ServiceHealth:
    checks: Mapping[str, str] = body.get("checks", {})
    wrong = [f"{check}: {result}" for check, result in checks.items() if result != "ok"]
    breakers: Mapping[str, Any] = body.get("breakers", {})
    return ServiceHealth(
        name=name,
        status=HealthStatus.OK if ready else HealthStatus.FAILED,
        # A dependency that the service can do without is named, too.
        detail=", ".join(wrong) or (None if ready else "It is not ready."),
        checks=dict(checks),
        breakers=[BreakerCondition(name=breaker, state=state) for breaker, state in sorted(breakers.items())],
    )


def _missing(name: str, detail: str) -> ServiceHealth:
    return ServiceHealth(name=name, status=HealthStatus.MISSING, detail=detail, checks={}, breakers=[])


async def _queue(services: Services, name: str) -> QueueHealth:
    dead_letters = dead_letter_queue(name)
    try:
        async with asyncio.timeout(TIME_LIMIT.total_seconds()):
            depths = await services.broker.depths([name, dead_letters])
    except TimeoutError:
        detail = f"The broker did not answer within {TIME_LIMIT.total_seconds():.0f} seconds."
    except Exception:  # noqa: BLE001  each broker has its own errors; any means that the queue cannot be measured
        detail = "The broker does not answer."
    else:
        return QueueHealth(
            name=name, status=HealthStatus.OK, detail=None, waiting=depths[name], dead=depths[dead_letters]
        )
    return QueueHealth(name=name, status=HealthStatus.MISSING, detail=detail, waiting=None, dead=None)


ROUTES = (
    Route(
        "GET",
        "/api/v1/platform/health",
        show_platform_health,
        Permission.SEE_PLATFORM,
        "Health of services, queues and breakers",
        response=PlatformHealth,
        across_tenants=True,
        description="Each part is asked for at most 2 seconds; one that cannot be asked is `missing`, with the reason. "
        "A service is `failed` if it answers that it is not ready.",
    ),
)
