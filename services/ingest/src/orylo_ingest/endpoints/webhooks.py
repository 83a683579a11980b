"""`POST /api/v1/webhooks/{gateway}/{tenant}`: authenticate, read, hash and store a webhook before responding."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http import HTTPStatus

from aiohttp import web
from opentelemetry.trace import SpanKind

from orylo_common.clock import Clock
from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.http.bodies import read_body
from orylo_common.http.problems import HTTPProblem
from orylo_common.pace import LoopThrottle
from orylo_common.telemetry.traces import current_traceparent, identify, span
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.port import Gateway
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.http import problems
from orylo_ingest.http.answers import JsonAnswer
from orylo_ingest.http.rate_limiter import RateLimiter
from orylo_ingest.http.rejections import Rejections
from orylo_ingest.http.router import query_of
from orylo_ingest.metrics import count_webhook, observe_webhook_seconds
from orylo_ingest.webhooks.admission import Admission, WebhookTarget
from orylo_ingest.webhooks.authentication import RETRY_AFTER_UNDECRYPTABLE, authenticate, parse_body
from orylo_ingest.webhooks.building import build_for_tenant
from orylo_ingest.webhooks.counts import WebhookCounts
from orylo_ingest.webhooks.record import Record
from orylo_ingest.webhooks.secret_use import SecretUse
from orylo_ingest.webhooks.store import WriteOutcome
from orylo_ingest.webhooks.writer import WebhookWriter

# Webhooks read before other tasks that are ready get a turn: a few milliseconds.
AT_ONCE = 16

_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}


@dataclass(slots=True)
class WebhookEndpoint:
    plane: ControlPlane
    admission: Admission
    rate_limiter: RateLimiter
    secret_use: SecretUse
    writer: WebhookWriter
    rejections: Rejections
    counts: WebhookCounts
    clock: Clock
    max_body_bytes: int
    body_timeout: timedelta
    throttle: LoopThrottle = field(default_factory=partial(LoopThrottle, AT_ONCE))

    async def receive(self, request: web.Request, gateway_name: str, tenant_name: str) -> web.StreamResponse:
        started = time.perf_counter()
        await self.throttle.admit()
        gateway = GATEWAYS.get(gateway_name)
        label = gateway_name if gateway else "unknown"
        response: web.StreamResponse
        try:
            with span("webhook", kind=SpanKind.SERVER, gateway=label):
                response = await self._accept(request, gateway, tenant_name)
        except HTTPProblem as rejection:
            response = self.rejections.respond(request, label, tenant_name, rejection.problem)
        observe_webhook_seconds(label, time.perf_counter() - started)
        return response

    async def explain(self, request: web.Request, gateway_name: str, tenant_name: str) -> web.Response:
        """Respond to a gateway's panel, or a person, checking that the URL exists."""
        return web.Response(body=b'{"status":"ok","detail":"Send webhooks to this URL by POST."}', headers=_JSON)

    async def _accept(self, request: web.Request, gateway: Gateway | None, tenant_name: str) -> web.StreamResponse:
        target = self.admission.admit(request, gateway, tenant_name)
        self.writer.check_available()
        body = read_body(request, max_bytes=self.max_body_bytes, timeout=self.body_timeout)
        # In a call of its own, so that the body and the document are freed before the commit is awaited. Hundreds of
        # them at once would be most of what the garbage collector has to traverse.
        record = self._read(target, RawWebhook(request.headers, query_of(request.raw_path), await body))
        identify(tenant_id=record.tenant_id, event_id=record.event_id, payment_id=record.payment_id)
        return self._answer(record, await self.writer.write(record))

    def _read(self, target: WebhookTarget, webhook: RawWebhook) -> Record:
        tenant, gateway, setting = target
        now = self.clock.now()
        self.secret_use.note(authenticate(gateway, setting, webhook, now), now)
        document_key = self.plane.document_key
        if document_key is None:
            raise HTTPProblem(problems.no_document_key(RETRY_AFTER_UNDECRYPTABLE))
        document = parse_body(webhook)

        # Count only authenticated webhooks, so that an attacker cannot exhaust a merchant's quota.
        limit = self.plane.settings(tenant.id, LimitSettings).webhooks
        if wait := self.rate_limiter.consume("webhooks", tenant.id, limit):
            raise HTTPProblem(problems.too_many_webhooks(wait))

        return build_for_tenant(
            self.plane, gateway, setting, document, now, document_key=document_key, traceparent=current_traceparent()
        )

    def _answer(self, record: Record, outcome: WriteOutcome) -> web.StreamResponse:
        counted = record.status if outcome is WriteOutcome.ACCEPTED and record.outgoing is None else outcome.value
        count_webhook(record.gateway, counted)
        if counted in ("quarantined", "conflict"):
            self.rejections.log.log_unprocessed(record, counted)
        now = self.clock.now()
        self.counts.count(record.tenant_id, record.gateway, counted, now)
        known = outcome is WriteOutcome.DUPLICATE or outcome is WriteOutcome.CONFLICT
        if outcome is WriteOutcome.DUPLICATE:
            self.counts.count_repeat(record.tenant_id, record.event_id, now)
        body = f'{{"status":"{"duplicate" if known else "accepted"}","event_id":"{record.event_id}"}}'
        return JsonAnswer(HTTPStatus.OK if known else HTTPStatus.ACCEPTED, body.encode())
