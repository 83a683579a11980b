"""Liveness, readiness and metrics: `/healthz`, `/readyz`, `/metrics`.

The ports of ingest and the API are public. External callers learn whether the service is ready, but see neither the
checks nor the metrics.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import orjson
import prometheus_client
from aiohttp import web
from prometheus_client import Gauge

from orylo_common.http.addresses import is_internal
from orylo_common.http.problems import Problem
from orylo_common.repeating import loops_down

DEPENDENCY_UP = Gauge("orylo_dependency_up", "1 if the service's last probe of a dependency succeeded", ["dependency"])

INTERNAL_ONLY = Problem(HTTPStatus.NOT_FOUND, "not_found", "There is nothing at this path.")

Probe = Callable[[], Awaitable[object]]

# Probers time out after a second or more. The answer must come before that.
PROBE_TIMEOUT = timedelta(milliseconds=800)
# Dependencies are probed at most once in this time, however many callers ask.
KEEP_ANSWER = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    checks: dict[str, str]


class Health:
    """Probes the dependencies of a service, and serves the health routes."""

    def __init__(self) -> None:
        self._probes: dict[str, tuple[Probe, bool]] = {}
        self._reports: dict[str, Callable[[], object]] = {}
        self._answer: asyncio.Task[Readiness] | None = None
        self._asked_at = 0.0

    def check(self, name: str, probe: Probe, *, required: bool = True) -> None:
        """Register a probe for `/readyz`. It raises if its dependency is missing.

        A missing dependency that is not `required`, such as a cache, is reported, and the service stays ready.
        """
        self._probes[name] = (probe, required)

    def report(self, name: str, value: Callable[[], object]) -> None:
        """Add a value to what `/readyz` answers to internal callers. It has no effect on the readiness."""
        self._reports[name] = value

    async def readiness(self) -> Readiness:
        now = asyncio.get_running_loop().time()
        if self._answer is None or (self._answer.done() and now - self._asked_at > KEEP_ANSWER.total_seconds()):
            self._asked_at = now
            self._answer = asyncio.create_task(self._ask_all())
        # Shielded: a caller that disconnects must not cancel the probes for the others.
        return await asyncio.shield(self._answer)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", _alive),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._metrics),
        ]

    async def _ready(self, request: web.Request) -> web.Response:
        readiness = await self.readiness()
        body: dict[str, object] = {"status": "ready" if readiness.ready else "unavailable"}
        if is_internal(request):
            body["checks"] = readiness.checks
            body |= {name: value() for name, value in self._reports.items()}
        return web.Response(
            body=orjson.dumps(body), status=200 if readiness.ready else 503, content_type="application/json"
        )

    async def _metrics(self, request: web.Request) -> web.Response:
        """Probe the dependencies first: their metric is then true even if no load balancer asks for readiness."""
        if not is_internal(request):
            return INTERNAL_ONLY.response()
        await self.readiness()
        headers = {"Content-Type": prometheus_client.CONTENT_TYPE_LATEST}
        return web.Response(body=prometheus_client.generate_latest(), headers=headers)

    async def _ask_all(self) -> Readiness:
        states = await asyncio.gather(*(_ask(probe) for probe, _ in self._probes.values()))
        checks = dict(zip(self._probes, states, strict=True))
        for name, state in checks.items():
            DEPENDENCY_UP.labels(name).set(state == "ok")
        # Reported only: the service still answers, so a load balancer must not remove it.
        checks["loops"] = f"down ({', '.join(down)})" if (down := loops_down()) else "ok"
        missing = [name for name, (_, required) in self._probes.items() if required and checks[name] != "ok"]
        return Readiness(ready=not missing, checks=checks)


async def _ask(probe: Probe) -> str:
    """Return `ok` or the kind of failure. The error's text may contain secrets, so it is left out."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT.total_seconds()):
            await probe()
    except TimeoutError:
        return "timeout"
    except Exception as error:  # noqa: BLE001  any error means that the dependency is missing
        return f"missing ({type(error).__name__})"
    return "ok"


async def _alive(request: web.Request) -> web.Response:
    return web.Response(body=b'{"status":"alive"}', content_type="application/json")
