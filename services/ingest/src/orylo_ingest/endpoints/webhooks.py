"""`POST /api/v1/webhooks/{gateway}/{tenant}`: proven, read, hashed and durable before it is answered."""

import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from http import HTTPStatus

from aiohttp import web

from orylo_common.clock import Clock
from orylo_common.control.models import GatewaySetting, Tenant
from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.errors import TransientError
from orylo_common.http.addresses import client_address, is_within
from orylo_common.http.bodies import read_body, unreadable
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_common.pace import LoopThrottle
from orylo_common.postgres.group_commit import Overloaded
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.telemetry.traces import current_traceparent, span
from orylo_ingest import problems
from orylo_ingest.answers import Answer
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.authentication import authenticate_hmac
from orylo_ingest.gateways.port import AuthenticationFailed, Gateway, RawWebhook, UnreadableBody
from orylo_ingest.intake import Record, take_in
from orylo_ingest.limits import Limits, limited_address
from orylo_ingest.metrics import WEBHOOK_SECONDS, WEBHOOKS
from orylo_ingest.rejection_log import RejectionLog
from orylo_ingest.rejection_reports import RejectionReports
from orylo_ingest.secret_use import SecretUse
from orylo_ingest.store import EventStore, Outcome

PATH = "/api/v1/webhooks/"
# What a gateway that is told to come again should wait when nothing better is known.
RETRY_AFTER = timedelta(seconds=5)

# Webhooks that are read before what is ready of other work gets a turn: a few milliseconds.
AT_ONCE = 16

_JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class WebhookEndpoint:
    plane: ControlPlane
    store: EventStore
    relay: OutboxRelay
    breaker: CircuitBreaker
    refusals: RejectionReports
    secret_use: SecretUse
    limits: Limits
    clock: Clock
    max_body_bytes: int
    body_timeout: timedelta
    trusted_proxies: int
    rejection_log: RejectionLog = field(default_factory=RejectionLog)
    throttle: LoopThrottle = field(default_factory=partial(LoopThrottle, AT_ONCE))

    async def receive(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        await self.throttle.admit()
        path, _, query = request.raw_path.partition("?")
        gateway_name, _, tenant = path[len(PATH) :].partition("/")
        gateway = GATEWAYS.get(gateway_name)
        label = gateway_name if gateway else "unknown"
        response: web.StreamResponse
        try:
            with span("webhook", gateway=label):
                response = await self._take(request, gateway, tenant.rstrip("/"), query)
        except HTTPProblem as refused:
            response = self._refuse(request, label, tenant.rstrip("/"), refused.problem)
        _seconds(label).observe(time.perf_counter() - started)
        return response

    async def explain(self, request: web.Request) -> web.Response:
        """A gateway's panel, or a person, looks whether the address answers."""
        return web.Response(body=b'{"status":"ok","detail":"Webhooks are taken here by POST."}', headers=_JSON)

    async def _take(
        self, request: web.Request, gateway: Gateway | None, tenant_name: str, query: str
    ) -> web.StreamResponse:
        tenant = self.plane.tenant(tenant_name)
        setting = self.plane.gateway(tenant.id, gateway.name) if tenant and gateway else None
        if tenant is None or gateway is None or setting is None or not setting.enabled:
            raise HTTPProblem(self._stray(request))
        self._check_address(request, setting)
        self._check_refusals(request, tenant)
        if wait := self.breaker.retry_after:
            raise HTTPProblem(problems.unavailable(wait))

        # In a call of its own, so that body and document are gone while the commit is awaited: hundreds of
        # them at once would be most of what the cycle collector has to look through.
        record = self._prove_and_read(
            tenant, gateway, setting, RawWebhook(request.headers, query, await self._body(request))
        )
        return self._answer(record, await self._write(record))

    def _prove_and_read(self, tenant: Tenant, gateway: Gateway, setting: GatewaySetting, webhook: RawWebhook) -> Record:
        now = self.clock.now()
        try:
            if setting.mode == "hmac":
                secret_id = authenticate_hmac(webhook, setting.secrets)
            else:
                secret_id = gateway.authenticate(webhook, setting.secrets, now)
            self.secret_use.note(secret_id, now)
            document = webhook.document()
        except AuthenticationFailed as failed:
            if setting.sealed and failed.code.endswith("_mismatch"):
                # It may be genuine, and the gateway comes again until somebody has found the key.
                raise HTTPProblem(problems.sealed(RETRY_AFTER)) from None
            raise HTTPProblem(problems.unauthenticated(failed.code, failed.advice)) from None
        except UnreadableBody as unread:
            raise HTTPProblem(unreadable(str(unread))) from None

        # Of what is genuine only: a stranger cannot use up what is a merchant's.
        if pause := self.limits.spend("webhooks", tenant.id, self.plane.settings(tenant.id, LimitSettings).webhooks):
            raise HTTPProblem(problems.too_many_webhooks(pause))

        return take_in(
            gateway,
            tenant.id,
            document,
            now,
            secrets=[secret.value for secret in setting.secrets],
            accept=setting.accept,
            zone=setting.zone,
            traceparent=current_traceparent(),
        )

    def _body(self, request: web.Request) -> Awaitable[bytes]:
        """The bytes as they were signed."""
        return read_body(request, max_bytes=self.max_body_bytes, timeout=self.body_timeout)

    async def _write(self, record: Record) -> Outcome:
        full = False
        try:
            async with self.breaker:
                try:
                    outcome = await self.store.add(record)
                except Overloaded:
                    # PostgreSQL is there and slow: no reason to stop asking it.
                    full = True
            if not full:
                if outcome is Outcome.CONFLICT and (announcement := await self.store.add_conflict(record)):
                    self.relay.offer((announcement,))
                return outcome
        except TransientError as error:
            raise HTTPProblem(problems.unavailable(error.retry_after or RETRY_AFTER)) from None
        raise HTTPProblem(problems.unavailable(RETRY_AFTER))

    def _answer(self, record: Record, outcome: Outcome) -> web.StreamResponse:
        known = outcome is Outcome.DUPLICATE or outcome is Outcome.CONFLICT
        leaving = record.outgoing or record.announcement
        if not known and leaving is not None:
            self.relay.offer((leaving,))
        counted = record.status if outcome is Outcome.ACCEPTED and record.outgoing is None else outcome.value
        _count(record.gateway, counted)
        if counted in ("quarantined", "conflict"):
            self.rejection_log.tell_set_aside(record, counted)
        body = f'{{"status":"{"duplicate" if known else "accepted"}","event_id":"{record.event_id}"}}'
        return Answer(HTTPStatus.OK if known else HTTPStatus.ACCEPTED, body.encode())

    def _refuse(self, request: web.Request, label: str, tenant: str, problem: Problem) -> web.Response:
        _count(label, _OUTCOMES[problem.status])
        remote, size = client_address(request, self.trusted_proxies), request.content_length or 0
        self.rejection_log.tell(gateway=label, tenant=tenant, code=problem.code, status=problem.status.value, size=size)
        # What is refused for our own sake tells a merchant nothing; what is for nobody we know is counted only.
        known = self.plane.tenant(tenant)
        if known is not None and problem.status is not HTTPStatus.SERVICE_UNAVAILABLE:
            self.refusals.tell(known.id, label, problem, remote=remote, size=size)
            if problem.status in _NOT_GENUINE:
                limit = self.plane.settings(known.id, LimitSettings).rejected_webhooks_per_address
                address = limited_address(request, remote, self.trusted_proxies)
                self.limits.spend_from("refused", known.id, limit, address)
        return problem.response()

    def _stray(self, request: web.Request) -> Problem:
        remote = client_address(request, self.trusted_proxies)
        wait = self.limits.spend_stray(limited_address(request, remote, self.trusted_proxies))
        return problems.too_many_refused(wait) if wait else problems.NOT_FOUND

    def _check_refusals(self, request: web.Request, tenant: Tenant) -> None:
        if self.limits.any_is_shut:
            remote = client_address(request, self.trusted_proxies) or ""
            if wait := self.limits.wait("refused", tenant.id, remote):
                raise HTTPProblem(problems.too_many_refused(wait))

    def _check_address(self, request: web.Request, setting: GatewaySetting) -> None:
        if setting.allowed_networks and not is_within(
            client_address(request, self.trusted_proxies), setting.allowed_networks
        ):
            raise HTTPProblem(
                problems.unauthenticated(
                    "address_not_allowed", "This endpoint takes webhooks from the addresses on its allow-list only."
                )
            )


_OUTCOMES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.BAD_REQUEST: "unreadable",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_encoding",
    HTTPStatus.REQUEST_TIMEOUT: "too_slow",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
_NOT_GENUINE = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.REQUEST_TIMEOUT,
}


@lru_cache(maxsize=500)
def _counter(gateway: str, outcome: str):  # type: ignore[no-untyped-def]
    return WEBHOOKS.labels(gateway, outcome)


def _count(gateway: str, outcome: str) -> None:
    _counter(gateway, outcome).inc()


@lru_cache(maxsize=100)
def _seconds(gateway: str):  # type: ignore[no-untyped-def]
    return WEBHOOK_SECONDS.labels(gateway)
