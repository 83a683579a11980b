"""Decide whether to read a webhook at all, before its body is read."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from aiohttp import web

from orylo_common.clock import Clock
from orylo_common.control.models import GatewaySetting, Tenant, TenantState
from orylo_common.control.plane import ControlPlane
from orylo_common.control.switches import SwitchName
from orylo_common.http.addresses import client_address, is_within, rate_limit_address
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_ingest.gateways.port import Gateway
from orylo_ingest.http import problems
from orylo_ingest.http.rate_limiter import RateLimiter

# For gateways that follow Retry-After. Their own intervals are longer.
RETRY_WHEN_STOPPED = timedelta(minutes=5)


class WebhookTarget(NamedTuple):
    """The tenant and gateway that a webhook is addressed to."""

    tenant: Tenant
    gateway: Gateway
    setting: GatewaySetting


@dataclass(frozen=True, slots=True)
class Admission:
    plane: ControlPlane
    rate_limiter: RateLimiter
    trusted_proxies: int
    clock: Clock

    def admit(self, request: web.Request, gateway: Gateway | None, tenant_name: str) -> WebhookTarget:
        """Return the target of a request. Raises `HTTPProblem` for unknown or stopped targets and other addresses."""
        tenant = self.plane.tenant(tenant_name)
        setting = self.plane.gateway(tenant.id, gateway.name) if tenant and gateway else None
        if tenant is None or gateway is None or setting is None or not setting.enabled:
            raise HTTPProblem(self._unknown_target(request))
        if setting.allowed_networks:
            self._check_allow_list(request, setting)
        if self.rate_limiter.any_blocked:
            self._check_rejections(request, tenant)
        if tenant.state is not TenantState.ACTIVE:
            raise HTTPProblem(problems.stopped(RETRY_WHEN_STOPPED))
        if self.plane.all_switches():
            self._check_switches(tenant, gateway)
        return WebhookTarget(tenant, gateway, setting)

    def _check_switches(self, tenant: Tenant, gateway: Gateway) -> None:
        now = self.clock.now()
        switch = self.plane.switch(SwitchName.STOP_WEBHOOKS, tenant.id, gateway.name, now)
        if switch is not None:
            raise HTTPProblem(problems.stopped(switch.retry_after(now, RETRY_WHEN_STOPPED)))

    def _unknown_target(self, request: web.Request) -> Problem:
        address = rate_limit_address(request, client_address(request, self.trusted_proxies), self.trusted_proxies)
        wait = self.rate_limiter.consume_unknown_target(address)
        return problems.too_many_rejections(wait) if wait else problems.NOT_FOUND

    def _check_allow_list(self, request: web.Request, setting: GatewaySetting) -> None:
        if not is_within(client_address(request, self.trusted_proxies), setting.allowed_networks):
            raise HTTPProblem(
                problems.unauthenticated(
                    "address_not_allowed", "This endpoint accepts webhooks only from the addresses on its allow-list."
                )
            )

    def _check_rejections(self, request: web.Request, tenant: Tenant) -> None:
        address = rate_limit_address(request, client_address(request, self.trusted_proxies), self.trusted_proxies)
        if wait := self.rate_limiter.blocked("rejected", tenant.id, address or ""):
            raise HTTPProblem(problems.too_many_rejections(wait))
