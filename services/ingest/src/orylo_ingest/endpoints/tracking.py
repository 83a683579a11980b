"""`GET /t.js` and `POST /api/v1/track/{tenant}`: what the merchant's own pages load, and what they tell."""

import asyncio
import gzip
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import ClassVar

import orjson
from aiohttp import web
from pydantic import ValidationError

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control import ControlPlane, TenantSettings
from orylo_common.errors import TransientError
from orylo_common.messages import encode
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_ingest import problems
from orylo_ingest.endpoints.webhooks import RETRY_AFTER, client_address
from orylo_ingest.limits import Limits, LimitSettings
from orylo_ingest.metrics import VISITS
from orylo_ingest.problems import Problem
from orylo_ingest.tracking.visit import Visit, click_recorded

MAX_BODY_BYTES = 16 * 1024
MAX_USER_AGENT = 500
# An hour: a correction reaches every page the same day, and a visitor loads the script once.
CACHE = "public, max-age=3600, stale-while-revalidate=86400"


class TrackingSettings(TenantSettings):
    """A tenant's section `tracking`."""

    section: ClassVar[str] = "tracking"

    # Such as https://shop.example.com. Empty: any page may tell of visits.
    allowed_origins: tuple[str, ...] = ()


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
        return cls(plain, gzip.compress(plain, 9, mtime=0), f'"{sha256(plain).hexdigest()[:16]}"')


@dataclass(slots=True)
class TrackingEndpoint:
    plane: ControlPlane
    # What leaves is all that ingest keeps of a visit: the clicks themselves belong to dispatch.
    outbox: GroupCommit[Outgoing, None]
    relay: OutboxRelay
    limits: Limits
    clock: Clock
    body_timeout: timedelta
    trusted_proxies: int
    _script: Script = field(default_factory=Script.load)

    async def script(self, request: web.Request) -> web.Response:
        headers = {
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": CACHE,
            "ETag": self._script.etag,
            "Vary": "Accept-Encoding",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if request.headers.get("If-None-Match") == self._script.etag:
            return web.Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=self._script.zipped, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=self._script.plain, headers=headers)

    async def preflight(self, request: web.Request) -> web.Response:
        """A page that sends JSON by itself asks first."""
        headers = {
            **_cors(request),
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "86400",
        }
        return web.Response(status=204, headers=headers)

    async def track(self, request: web.Request) -> web.Response:
        refused = await self._track(request)
        VISITS.labels("accepted" if refused is None else refused.code).inc()
        if refused is None:
            answer = web.Response(body=b'{"status":"accepted"}', status=202, content_type="application/json")
        else:
            answer = refused.response()
        answer.headers.update(_cors(request))
        return answer

    async def _track(self, request: web.Request) -> Problem | None:
        tenant = self.plane.tenant(request.match_info["tenant"])
        if tenant is None:
            return NO_TENANT
        allowed = self.plane.settings(tenant.id, TrackingSettings).allowed_origins
        if allowed and request.headers.get("Origin") not in allowed:
            return Problem(
                HTTPStatus.FORBIDDEN, "origin_not_allowed", "This page is not on the tenant's list of allowed origins."
            )
        address = client_address(request, self.trusted_proxies)
        limits = self.plane.settings(tenant.id, LimitSettings)
        if wait := self.limits.spend_from("visits_from", tenant.id, limits.visits_per_address, address) or (
            self.limits.spend("visits", tenant.id, limits.visits)
        ):
            return problems.too_many(wait, "More visits are told of than the limit allows.")
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return problems.too_large(MAX_BODY_BYTES)
        try:
            async with asyncio.timeout(self.body_timeout.total_seconds()):
                body = await _read(request)
        except TimeoutError:
            return problems.too_slow()
        if len(body) > MAX_BODY_BYTES:
            return problems.too_large(MAX_BODY_BYTES)
        try:
            visit = Visit.model_validate(orjson.loads(body))
        except orjson.JSONDecodeError:
            return problems.unreadable("The body is not JSON.")
        except ValidationError as invalid:
            fields = sorted(
                {".".join(map(str, error["loc"])) or "body" for error in invalid.errors(include_input=False)}
            )
            return problems.unreadable(f"Not as the tracking script sends it: {', '.join(fields)}.")
        message = click_recorded(
            visit,
            tenant_id=tenant.id,
            ip=address,
            user_agent=_user_agent(request),
            now=self.clock.now(),
        )
        outgoing = Outgoing(message.message_id, message.type, encode(message))
        try:
            await self.outbox.add(outgoing)
        except TransientError as error:
            return problems.unavailable(error.retry_after or RETRY_AFTER)
        self.relay.offer((outgoing,))
        return None


async def _read(request: web.Request) -> bytes:
    """The body, or of one that is too large a byte too many."""
    body: bytes = await request.content.read(MAX_BODY_BYTES + 1)
    while len(body) <= MAX_BODY_BYTES and not request.content.at_eof():
        body += await request.content.read(MAX_BODY_BYTES + 1 - len(body))
    return body


def _user_agent(request: web.Request) -> str | None:
    # Bytes that are no UTF-8 come as lone surrogates, which no message can hold.
    sent = request.headers.get("User-Agent", "")[:MAX_USER_AGENT]
    return sent.encode(errors="replace").decode() or None


def _cors(request: web.Request) -> dict[str, str]:
    # Whether a page may tell is decided by its tenant's list; that it may read the answer gives nothing away.
    return {"Access-Control-Allow-Origin": request.headers.get("Origin", "*"), "Vary": "Origin"}
