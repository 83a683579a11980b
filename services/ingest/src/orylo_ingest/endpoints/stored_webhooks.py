"""The private port: stored webhooks, their payloads, resends, and the activity of gateways, for the API."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from aiohttp import web

from orylo_common.clock import Clock
from orylo_common.control.plane import ControlPlane
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_common.postgres.errors import TRANSIENT_ERRORS
from orylo_common.postgres.outbox import OutboxRelay
from orylo_ingest.webhooks.activity import read_activity, read_hours
from orylo_ingest.webhooks.listing import (
    MAX_PAGE,
    PagePosition,
    WebhookFilter,
    find_payload,
    find_webhook,
    list_webhooks,
)
from orylo_ingest.webhooks.rereading import read_again
from orylo_ingest.webhooks.resends import NotResendable, resend_webhook

INVALID = Problem(HTTPStatus.BAD_REQUEST, "invalid", "A value of the request is malformed.")
NOT_FOUND = Problem(HTTPStatus.NOT_FOUND, "not_found", "The webhook does not exist.")
NOT_RESENDABLE = Problem(
    HTTPStatus.CONFLICT, "not_resendable", "The event arrived before with another body, which was processed."
)
UNAVAILABLE = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "PostgreSQL cannot be reached. Try again.")

log = structlog.get_logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class StoredWebhooksEndpoint:
    """Callers name the tenant by its id. They have authorised the request."""

    pool: asyncpg.Pool
    plane: ControlPlane
    relay: OutboxRelay
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/tenants/{tenant}/webhooks", _answering(self.list)),
            web.get("/tenants/{tenant}/webhooks/{id}", _answering(self.show)),
            web.get("/tenants/{tenant}/webhooks/{id}/payload", _answering(self.payload)),
            web.post("/tenants/{tenant}/webhooks/{id}/resend", _answering(self.resend)),
            web.get("/tenants/{tenant}/messages", _answering(self.messages)),
            web.get("/tenants/{tenant}/gateways", _answering(self.activity)),
            web.get("/tenants/{tenant}/gateways/{gateway}/hours", _answering(self.hours)),
        ]

    async def list(self, request: web.Request) -> web.Response:
        tenant_id, which = _tenant(request), _filter(request.query)
        async with self.pool.acquire() as connection:
            page = await list_webhooks(connection, tenant_id, which)
        reached = [page.reached.created_at, page.reached.event_id] if page.reached else None
        return _json({"items": [dict(row) for row in page.items], "reached": reached})

    async def show(self, request: web.Request) -> web.Response:
        tenant_id, event_id = _tenant(request), _id(request)
        async with self.pool.acquire() as connection:
            found = await find_webhook(connection, tenant_id, event_id)
        return NOT_FOUND.response() if found is None else _json(found)

    async def payload(self, request: web.Request) -> web.Response:
        tenant_id, event_id = _tenant(request), _id(request)
        try:
            async with self.pool.acquire() as connection:
                return _json(await find_payload(connection, tenant_id, event_id))
        except LookupError:
            return NOT_FOUND.response()

    async def resend(self, request: web.Request) -> web.Response:
        tenant_id, event_id = _tenant(request), _id(request)
        async with self.pool.acquire() as connection, connection.transaction():
            resent = await resend_webhook(connection, tenant_id, event_id, plane=self.plane, now=self.clock.now())
        if resent is None:
            return NOT_FOUND.response()
        self.relay.offer(resent.outgoing)
        again = resent.again
        log.info("webhook.resent", tenant_id=tenant_id, event_id=event_id, status=again.status)
        return _json({"status": again.status, "message_type": again.message_type, "reason": again.record.reason})

    async def messages(self, request: web.Request) -> web.Response:
        tenant_id, after = _tenant(request), _after(request.query)
        async with self.pool.acquire() as connection:
            page = await read_again(connection, tenant_id, after, plane=self.plane)
        reached = [page.reached.created_at, page.reached.event_id] if page.reached else None
        items = [orjson.Fragment(message) for message in page.messages]
        return _json({"items": items, "webhooks": page.webhooks, "reached": reached})

    async def activity(self, request: web.Request) -> web.Response:
        tenant_id = _tenant(request)
        async with self.pool.acquire() as connection:
            gateways = await read_activity(connection, tenant_id, self.clock.now())
        return _json({"items": [asdict(gateway) for gateway in gateways]})

    async def hours(self, request: web.Request) -> web.Response:
        tenant_id, (since, until) = _tenant(request), _range(request)
        async with self.pool.acquire() as connection:
            hours = await read_hours(connection, tenant_id, request.match_info["gateway"], since, until)
        return _json({"items": [{"hour": hour, "counts": counts} for hour, counts in hours.items()]})


def _answering(handler: Handler) -> Handler:
    """Return the handler with its errors as responses."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except HTTPProblem as refusal:
            return refusal.problem.response()
        except NotResendable:
            return NOT_RESENDABLE.response()
        except asyncpg.DataError:
            # PostgreSQL does not accept a value, such as a null character.
            return INVALID.response()
        except (TransientError, *TRANSIENT_ERRORS):
            return UNAVAILABLE.response()

    return handle


@contextmanager
def _parsing() -> Iterator[None]:
    """Refuse a request whose values cannot be read."""
    try:
        yield
    except (ValueError, LookupError):
        raise HTTPProblem(INVALID) from None


@_parsing()
def _after(query: Any) -> PagePosition:
    created_at, event_id = query["after"].split(",")
    return PagePosition(datetime.fromisoformat(created_at), UUID(event_id))


@_parsing()
def _filter(query: Any) -> WebhookFilter:
    after = query.get("after", "").split(",") if query.get("after") else None
    moments = {name: datetime.fromisoformat(query[name]) if name in query else None for name in ("since", "until")}
    return WebhookFilter(
        gateway=query.get("gateway"),
        event_type=query.get("type"),
        status=query.get("status"),
        payment_id=query.get("payment_id"),
        after=PagePosition(datetime.fromisoformat(after[0]), UUID(after[1])) if after else None,
        limit=max(1, min(int(query.get("limit", 50)), MAX_PAGE)),
        **moments,
    )


@_parsing()
def _range(request: web.Request) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(request.query["since"]), datetime.fromisoformat(request.query["until"])


@_parsing()
def _tenant(request: web.Request) -> UUID:
    return UUID(request.match_info["tenant"])


@_parsing()
def _id(request: web.Request) -> UUID:
    return UUID(request.match_info["id"])


def _json(body: object) -> web.Response:
    return web.Response(body=orjson.dumps(body, default=str), content_type="application/json")
