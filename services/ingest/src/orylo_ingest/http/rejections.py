"""Respond to rejected webhooks: count, log and report them, and limit the addresses that send them."""

from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from orylo_common.clock import Clock
from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.http.addresses import client_address, rate_limit_address
from orylo_common.http.problems import Problem
from orylo_ingest.http.rate_limiter import RateLimiter
from orylo_ingest.http.rejection_log import RejectionLog
from orylo_ingest.http.rejection_reports import RejectionReports
from orylo_ingest.metrics import count_webhook
from orylo_ingest.webhooks.counts import WebhookCounts

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
_CALLERS_FAULT = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.REQUEST_TIMEOUT,
}


@dataclass(slots=True)
class Rejections:
    plane: ControlPlane
    reports: RejectionReports
    counts: WebhookCounts
    clock: Clock
    rate_limiter: RateLimiter
    trusted_proxies: int
    log: RejectionLog = field(default_factory=RejectionLog)

    def respond(self, request: web.Request, gateway: str, tenant_name: str, problem: Problem) -> web.Response:
        """Return the response for `problem`, after counting, logging and reporting the rejection."""
        # A switch is not an outage, which an alert watches for.
        outcome = "stopped" if problem.code == "webhooks_stopped" else _OUTCOMES[problem.status]
        count_webhook(gateway, outcome)
        remote, size = client_address(request, self.trusted_proxies), request.content_length or 0
        tenant = self.plane.tenant(tenant_name)
        self.log.log_rejection(
            gateway=gateway,
            tenant=tenant_name,
            tenant_known=tenant is not None,
            code=problem.code,
            status=problem.status.value,
            size=size,
        )
        # Don't report our own 503s to the merchant. Requests for an unknown tenant are only counted and logged.
        if tenant is not None and problem.status is not HTTPStatus.SERVICE_UNAVAILABLE:
            self.reports.report(tenant.id, gateway, problem, remote=remote, size=size)
            self.counts.count(tenant.id, gateway, "rejected", self.clock.now())
            if problem.status in _CALLERS_FAULT:
                limit = self.plane.settings(tenant.id, LimitSettings).rejected_webhooks_per_address
                address = rate_limit_address(request, remote, self.trusted_proxies)
                self.rate_limiter.consume_by_address("rejected", tenant.id, limit, address)
        return problem.response()
