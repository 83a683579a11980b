"""`GET /t.js` and `POST /api/v1/track/{tenant}`: what the merchant's own pages load, and what they tell."""

import asyncio
import gzip
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control import ControlPlane
from orylo_common.control.models import Tenant
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.control.sections.tracking import TrackingSettings
from orylo_common.errors import TransientError
from orylo_common.http.addresses import client_address
from orylo_common.http.bodies import read_body, unreadable
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_common.messages import Message, encode
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.telemetry.traces import current_traceparent, span
from orylo_ingest import problems
from orylo_ingest.endpoints.webhooks import RETRY_AFTER
from orylo_ingest.json_mending import mended
from orylo_ingest.limits import Limits, limited_address
from orylo_ingest.metrics import VISITS
from orylo_ingest.tracking.visit import Visit, checkout_started, click_recorded

MAX_BODY_BYTES = 16 * 1024
# An hour: a correction reaches every page the same day, and a visitor loads the script once.
CACHE = "public, max-age=3600, stale-while-revalidate=86400"

NOT_ALLOWED = Problem(
    HTTPStatus.FORBIDDEN, "origin_not_allowed", "This page is not on the tenant's list of allowed origins."
)
NO_TENANT = Problem(
    HTTPStatus.NOT_FOUND, "not_found", "No tenant has this name: check data-tenant where the page loads the script."
)


@dataclass(frozen=True, slots=True)
class Script:
    """The tracking script in both forms in which it is sent."""

    plain: bytes
    zipped: bytes
    etag: str

    @classmethod
    def load(cls) -> "Script":
        plain = files("orylo_ingest.tracking").joinpath("t.js").read_bytes()
        return cls(plain, gzip.compress(plain, 9, mtime=0), sha256(plain).hexdigest()[:16])


@dataclass(slots=True)
class TrackingEndpoint:
    plane: ControlPlane
    # What leaves is all that ingest keeps of a visit: the clicks themselves belong to dispatch.
    outbox: GroupCommit[Outgoing, None]
    relay: OutboxRelay
    limits: Limits
    clock: Clock
    breaker: CircuitBreaker
    body_timeout: timedelta
    trusted_proxies: int
    _script: Script = field(default_factory=Script.load)

    async def script(self, request: web.Request) -> web.Response:
        headers = {
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": CACHE,
            # Weak: of the text, in whichever encoding it is sent.
            "ETag": f'W/"{self._script.etag}"',
            "Vary": "Accept-Encoding",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if any(tag.value in (self._script.etag, "*") for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=self._script.zipped, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=self._script.plain, headers=headers)

    async def preflight(self, request: web.Request) -> web.Response:
        """A page that sends JSON by itself asks first."""
        headers = {
            **_cors(request, self._allowed_origins(request)),
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "3600",
        }
        return web.Response(status=204, headers=headers)

    async def track(self, request: web.Request) -> web.Response:
        try:
            with span("visit"):
                await self._track(request)
        except HTTPProblem as refused:
            outcome, answer = refused.problem.code, refused.problem.response()
        else:
            outcome = "accepted"
            answer = web.Response(body=b'{"status":"accepted"}', status=202, content_type="application/json")
        VISITS.labels(outcome).inc()
        answer.headers.update(_cors(request, self._allowed_origins(request)))
        return answer

    async def _track(self, request: web.Request) -> None:
        address = client_address(request, self.trusted_proxies)
        limited = limited_address(request, address, self.trusted_proxies)
        tenant = self.plane.tenant(request.match_info["tenant"])
        if tenant is None:
            wait = self.limits.spend_stray(limited)
            raise HTTPProblem(problems.too_many_visits(wait) if wait else NO_TENANT)
        allowed = self._allowed_origins(request)
        if allowed and request.headers.get("Origin") not in allowed:
            raise HTTPProblem(NOT_ALLOWED)
        self._check_limits(tenant, limited)
        visit = _visit_in(await read_body(request, max_bytes=MAX_BODY_BYTES, timeout=self.body_timeout))
        click = click_recorded(
            visit,
            tenant_id=tenant.id,
            ip=address,
            user_agent=request.headers.get("User-Agent"),
            now=self.clock.now(),
        )
        await self._publish(click, *([checkout_started(click)] if visit.kind == "checkout" else []))

    def _allowed_origins(self, request: web.Request) -> tuple[str, ...]:
        """Empty: any page's."""
        tenant = self.plane.tenant(request.match_info["tenant"])
        return self.plane.settings(tenant.id, TrackingSettings).allowed_origins if tenant else ()

    def _check_limits(self, tenant: Tenant, address: str | None) -> None:
        limits = self.plane.settings(tenant.id, LimitSettings)
        if wait := self.limits.spend_from("visits_from", tenant.id, limits.visits_per_address, address) or (
            self.limits.spend("visits", tenant.id, limits.visits)
        ):
            raise HTTPProblem(problems.too_many_visits(wait))

    async def _publish(self, *messages: Message) -> None:
        traceparent = current_traceparent()
        leaving = [Outgoing(each.message_id, each.type, encode(each, traceparent=traceparent)) for each in messages]
        if wait := self.breaker.retry_after:
            raise HTTPProblem(problems.unavailable(wait))
        try:
            # Outside of the breaker: a full buffer is no reason to stop asking PostgreSQL.
            written = [self.outbox.add(each) for each in leaving]
            async with self.breaker:
                await asyncio.gather(*written)
        except TransientError as error:
            raise HTTPProblem(problems.unavailable(error.retry_after or RETRY_AFTER)) from None
        self.relay.offer(leaving)


def _visit_in(body: bytes) -> Visit:
    try:
        return Visit.model_validate(_json_in(body))
    except ValidationError as invalid:
        fields = sorted({".".join(map(str, error["loc"])) or "body" for error in invalid.errors(include_input=False)})
        detail = f"Not as the tracking script sends it: {', '.join(fields)}."
        raise HTTPProblem(unreadable(detail)) from None


def _json_in(body: bytes) -> Any:
    """A script that shortens a text can cut an emoji in two."""
    try:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return orjson.loads(mended(body))
    except ValueError:
        raise HTTPProblem(unreadable("The body is not JSON.")) from None


def _cors(request: web.Request, allowed: tuple[str, ...]) -> dict[str, str]:
    """Without a list any page may read the answer, which gives nothing away; else those on it may."""
    if not allowed:
        return {"Access-Control-Allow-Origin": "*"}
    origin = request.headers.get("Origin", "")
    return {"Vary": "Origin"} | ({"Access-Control-Allow-Origin": origin} if origin in allowed else {})
