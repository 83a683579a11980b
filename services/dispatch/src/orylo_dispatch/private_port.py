"""The private port: a conversion's attempts, and checks of destinations, for the API.

Callers name the tenant by its id. They have authorised the request.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiohttp import web

from orylo_common.clock import Clock
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_dispatch.delivery.checks import DestinationChecks, UnknownDestination, with_test_code
from orylo_dispatch.delivery.history import AttemptHistory, read_history
from orylo_dispatch.delivery.quality_reports import QualityReports
from orylo_dispatch.delivery.sink import DestinationKey
from orylo_dispatch.destinations.meta.shown import shown_event
from orylo_dispatch.domain.attempt import DeliveryAttempt
from orylo_dispatch.domain.conversion import sample_conversion

INVALID = Problem(HTTPStatus.BAD_REQUEST, "invalid", "A value of the path is malformed.")
NOT_FOUND = Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such delivery or destination.")
NO_TEST_EVENTS = Problem(
    HTTPStatus.CONFLICT, "no_test_events", "This destination takes no test events: check its key instead."
)
NO_QUALITY = Problem(HTTPStatus.CONFLICT, "no_quality", "Only Meta reports how well it matches what it is sent.")
NO_TEST_CODE = Problem(
    HTTPStatus.CONFLICT,
    "test_code_missing",
    "Meta shows a test event only with a test event code: copy one from “Test events” in Events Manager.",
)
UNAVAILABLE = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "PostgreSQL cannot be reached. Try again.")

Handler = Callable[[web.Request], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class DeliveryEndpoints:
    pool: asyncpg.Pool
    checks: DestinationChecks
    qualities: QualityReports
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/tenants/{tenant}/conversions/{id}", _answering(self.conversion)),
            web.post("/tenants/{tenant}/destinations/{id}/probe", _answering(self.probe)),
            web.get("/tenants/{tenant}/destinations/{id}/quality", _answering(self.quality)),
            web.post("/tenants/{tenant}/destinations/{id}/test", _answering(self.test)),
        ]

    async def conversion(self, request: web.Request) -> dict[str, Any]:
        history = await read_history(self.pool, *_key(request))
        if history is None:
            raise HTTPProblem(NOT_FOUND)
        shown = asdict(history) | {"event": self._event(request, history)}
        del shown["payload"]
        return shown

    async def probe(self, request: web.Request) -> dict[str, Any]:
        return _shown(await self.checks.probe(_key(request)))

    async def quality(self, request: web.Request) -> dict[str, Any]:
        report = await self.qualities.read(_key(request))
        if report is None:
            raise HTTPProblem(NO_QUALITY)
        shown = asdict(report)
        return shown | {"refusal": None if report.refusal is None else _shown(report.refusal)}

    async def test(self, request: web.Request) -> dict[str, Any]:
        """Send a sample sale as a test event. `code` replaces the destination's own test event code."""
        destination = with_test_code(self.checks.find(_key(request)), request.query.get("code"))
        if destination.kind != "meta":
            raise HTTPProblem(NO_TEST_EVENTS)
        if not destination.config.get("test_event_code"):
            raise HTTPProblem(NO_TEST_CODE)
        sample = sample_conversion(self.clock.now())
        attempt = await self.checks.send(destination, sample.model_dump(mode="json"))
        return _shown(attempt) | {"event_id": sample.dedupe_id}

    def _event(self, request: web.Request, history: AttemptHistory) -> dict[str, Any] | None:
        """Return the event as the destination gets it, or got it, without the buyer's address and browser."""
        tenant_id, _ = _key(request)
        try:
            config = self.checks.find((tenant_id, history.destination_id)).config
        except UnknownDestination:
            config = {}
        return shown_event(history.payload, now=history.settled_at or self.clock.now(), site_url=config.get("site_url"))


def _answering(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return web.Response(body=orjson.dumps(await handler(request), default=str), content_type="application/json")
        except HTTPProblem as error:
            return error.problem.response()
        except UnknownDestination:
            return NOT_FOUND.response()
        except TransientError:
            return UNAVAILABLE.response()

    return handle


def _key(request: web.Request) -> DestinationKey:
    try:
        return UUID(request.match_info["tenant"]), UUID(request.match_info["id"])
    except ValueError:
        raise HTTPProblem(INVALID) from None


def _shown(attempt: DeliveryAttempt) -> dict[str, Any]:
    return {
        "outcome": attempt.outcome,
        "code": attempt.code,
        "reason": attempt.reason,
        "trace_id": attempt.trace_id,
        "duration_ms": round(attempt.duration.total_seconds() * 1000),
    }
