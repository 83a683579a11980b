"""Is it alive, can it work, what does it count: `/healthz`, `/readyz`, `/metrics`.

The ports of ingest and the API are public. Strangers learn from them whether the service is ready, but not why, and no
metrics.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import orjson
import prometheus_client
from aiohttp import web

from orylo_common.http.addresses import is_internal
from orylo_common.http.problems import Problem
from orylo_common.repeating import loops_down

INTERNAL_ONLY = Problem(HTTPStatus.NOT_FOUND, "not_found", "There is nothing at this path.")

Probe = Callable[[], Awaitable[object]]

# A prober gives up after a second or more, and wants an answer before that.
PROBE_TIMEOUT = timedelta(milliseconds=800)
# Whoever may ask, the dependencies are asked once in this time.
KEEP_ANSWER = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    checks: dict[str, str]


class Health:
    """What a service needs in order to work, and whether it is there."""

    def __init__(self) -> None:
        self._probes: dict[str, tuple[Probe, bool]] = {}
        self._answer: asyncio.Task[Readiness] | None = None
        self._asked_at = 0.0

    def check(self, name: str, probe: Probe, *, required: bool = True) -> None:
        """Ask `probe` whenever readiness is asked for; it raises where its dependency is missing.

        Without one that is not `required` (a cache) the service is still ready, and says that it is missing.
        """
        self._probes[name] = (probe, required)

    async def readiness(self) -> Readiness:
        now = asyncio.get_running_loop().time()
        if self._answer is None or (self._answer.done() and now - self._asked_at > KEEP_ANSWER.total_seconds()):
            self._asked_at = now
            self._answer = asyncio.create_task(self._ask_all())
        # Shielded: one caller that hangs up must not take the answer from the others.
        return await asyncio.shield(self._answer)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", _alive),
            web.get("/readyz", self._ready),
            web.get("/metrics", _metrics),
        ]

    async def _ready(self, request: web.Request) -> web.Response:
        readiness = await self.readiness()
        body: dict[str, object] = {"status": "ready" if readiness.ready else "unavailable"}
        if is_internal(request):
            body["checks"] = readiness.checks
        return web.Response(
            body=orjson.dumps(body), status=200 if readiness.ready else 503, content_type="application/json"
        )

    async def _ask_all(self) -> Readiness:
        states = await asyncio.gather(*(_ask(probe) for probe, _ in self._probes.values()))
        checks = dict(zip(self._probes, states, strict=True))
        # Reported only: the service still answers, so a load balancer must not remove it.
        checks["loops"] = f"down ({', '.join(down)})" if (down := loops_down()) else "ok"
        missing = [name for name, (_, required) in self._probes.items() if required and checks[name] != "ok"]
        return Readiness(ready=not missing, checks=checks)


async def _ask(probe: Probe) -> str:
    """`ok`, or the kind of failure: its text may tell a stranger too much."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT.total_seconds()):
            await probe()
    except TimeoutError:
        return "timeout"
    except Exception as error:  # noqa: BLE001  whatever it is, the dependency is missing
        return f"missing ({type(error).__name__})"
    return "ok"


async def _alive(request: web.Request) -> web.Response:
    return web.Response(body=b'{"status":"alive"}', content_type="application/json")


async def _metrics(request: web.Request) -> web.Response:
    if not is_internal(request):
        return INTERNAL_ONLY.response()
    headers = {"Content-Type": prometheus_client.CONTENT_TYPE_LATEST}
    return web.Response(body=prometheus_client.generate_latest(), headers=headers)
