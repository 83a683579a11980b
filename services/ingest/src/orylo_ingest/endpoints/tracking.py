"""`GET /t.js` and `POST /api/v1/track/{tenant}`: the script that merchants' pages load, and the visits it reports."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control.models import Tenant, TenantState
from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.control.sections.shop import ShopSettings
from orylo_common.control.sections.tracking import TrackingSettings
from orylo_common.errors import TransientError
from orylo_common.http.addresses import client_address, rate_limit_address
from orylo_common.http.bodies import read_body, unreadable
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_common.messages import Message, encode
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.telemetry.traces import current_traceparent, span
from orylo_ingest.documents.json_repair import repaired
from orylo_ingest.http import problems
from orylo_ingest.http.rate_limiter import RateLimiter
from orylo_ingest.metrics import VISITS
from orylo_ingest.tracking.script import TrackingScript
from orylo_ingest.tracking.visit import Visit, checkout_started, click_recorded, refused_visit
from orylo_ingest.webhooks.writer import RETRY_AFTER

MAX_BODY_BYTES = 16 * 1024
# One hour: a fix reaches every page the same day, and a visitor loads the script once.
CACHE = "public, max-age=3600, stale-while-revalidate=86400"

NOT_ALLOWED = Problem(
    HTTPStatus.FORBIDDEN, "origin_not_allowed", "This page's origin is not on the tenant's list of allowed origins."
)
NO_TENANT = Problem(
    HTTPStatus.NOT_FOUND, "not_found", "No tenant has this name. Check data-tenant where the page loads the script."
)


@dataclass(slots=True)
class TrackingEndpoint:
    plane: ControlPlane
    # Ingest stores nothing of a visit except the outgoing messages. Clicks belong to dispatch.
    outbox: GroupCommit[Outgoing, None]
    relay: OutboxRelay
    rate_limiter: RateLimiter
    clock: Clock
    breaker: CircuitBreaker
    body_timeout: timedelta
    trusted_proxies: int
    _script: TrackingScript = field(default_factory=TrackingScript.load)

    async def script(self, request: web.Request) -> web.Response:
        headers = {
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": CACHE,
            # Weak: it identifies the text in all its encodings.
            "ETag": f'W/"{self._script.etag}"',
            "Vary": "Accept-Encoding",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if any(tag.value in (self._script.etag, "*") for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=self._script.gzipped, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=self._script.plain, headers=headers)

    async def preflight(self, request: web.Request, tenant_name: str) -> web.Response:
        """Respond to the preflight request of a page that sends JSON with its own code."""
        headers = {
            **_cors(request, self._allowed_origins(tenant_name)),
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "3600",
        }
        return web.Response(status=204, headers=headers)

    async def track(self, request: web.Request, tenant_name: str) -> web.Response:
        try:
            with span("visit", kind=SpanKind.SERVER):
                await self._track(request, tenant_name)
        except HTTPProblem as rejection:
            outcome, answer = rejection.problem.code, rejection.problem.response()
        else:
            outcome = "accepted"
            answer = web.Response(body=b'{"status":"accepted"}', status=202, content_type="application/json")
        VISITS.labels(outcome).inc()
        answer.headers.update(_cors(request, self._allowed_origins(tenant_name)))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def _track(self, request: web.Request, tenant_name: str) -> None:
        address = client_address(request, self.trusted_proxies)
        limited = rate_limit_address(request, address, self.trusted_proxies)
        tenant = self.plane.tenant(tenant_name)
        if tenant is None:
            wait = self.rate_limiter.consume_unknown_target(limited)
            raise HTTPProblem(problems.too_many_visits(wait) if wait else NO_TENANT)
        allowed = self._allowed_origins(tenant_name)
        if allowed and request.headers.get("Origin") not in allowed:
            raise HTTPProblem(NOT_ALLOWED)
        if tenant.state is not TenantState.ACTIVE or not self.plane.is_enabled("tracking", tenant.id):
            return
        self._check_limits(tenant, limited)
        visit = _visit_in(await read_body(request, max_bytes=MAX_BODY_BYTES, timeout=self.body_timeout))
        now = self.clock.now()
        if visit.consent is False or request.headers.get("Sec-GPC") == "1":
            click = refused_visit(visit, tenant_id=tenant.id, now=now)
        else:
            click = click_recorded(
                visit,
                tenant_id=tenant.id,
                ip=address,
                user_agent=request.headers.get("User-Agent"),
                now=now,
                country=self.plane.settings(tenant.id, ShopSettings).country,
            )
        await self._publish(click, *([checkout_started(click)] if visit.kind == "checkout" else []))

    def _allowed_origins(self, tenant_name: str) -> tuple[str, ...]:
        """Return the allowed origins. Empty means any page."""
        tenant = self.plane.tenant(tenant_name)
        return self.plane.settings(tenant.id, TrackingSettings).allowed_origins if tenant else ()

    def _check_limits(self, tenant: Tenant, address: str | None) -> None:
        limits = self.plane.settings(tenant.id, LimitSettings)
        if wait := self.rate_limiter.consume_by_address(
            "visits_by_address", tenant.id, limits.visits_per_address, address
        ) or (self.rate_limiter.consume("visits", tenant.id, limits.visits)):
            raise HTTPProblem(problems.too_many_visits(wait))

    async def _publish(self, *messages: Message) -> None:
        traceparent = current_traceparent()
        outgoing = [Outgoing(each.message_id, each.type, encode(each, traceparent=traceparent)) for each in messages]
        if wait := self.breaker.retry_after:
            raise HTTPProblem(problems.unavailable(wait))
        try:
            # Outside the breaker: a full buffer must not open the circuit.
            written = [self.outbox.add(each) for each in outgoing]
            async with self.breaker:
                await asyncio.gather(*written)
        except TransientError as error:
            raise HTTPProblem(problems.unavailable(error.retry_after or RETRY_AFTER)) from None
        self.relay.offer(outgoing)


def _visit_in(body: bytes) -> Visit:
    try:
        return Visit.model_validate(_json_in(body))
    except ValidationError as invalid:
        fields = sorted({".".join(map(str, error["loc"])) or "body" for error in invalid.errors(include_input=False)})
        detail = f"These fields are not as the tracking script sends them: {', '.join(fields)}."
        raise HTTPProblem(unreadable(detail)) from None


def _json_in(body: bytes) -> Any:
    """Parse leniently: a script that truncates text can cut an emoji in half."""
    try:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return orjson.loads(repaired(body))
    except ValueError:
        raise HTTPProblem(unreadable("The body is not JSON.")) from None


def _cors(request: web.Request, allowed: tuple[str, ...]) -> dict[str, str]:
    """Return headers that let the allowed origins read the response, or every origin without a list."""
    anyone = {"Cross-Origin-Resource-Policy": "cross-origin"}
    if not allowed:
        return anyone | {"Access-Control-Allow-Origin": "*"}
    origin = request.headers.get("Origin", "")
    return anyone | {"Vary": "Origin"} | ({"Access-Control-Allow-Origin": origin} if origin in allowed else {})
