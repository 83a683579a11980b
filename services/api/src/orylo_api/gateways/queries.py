"""Gateways with their health: the settings are the control plane's, the health is ingest's."""

from datetime import datetime, timedelta
from typing import Any

import structlog

from orylo_api.call import Call
from orylo_api.errors import Conflict, Invalid, NotFound
from orylo_api.gateways.addresses import is_reachable, webhook_path
from orylo_api.gateways.models import (
    MAX_RANGE,
    GatewayConfiguration,
    GatewayHealth,
    GatewayStats,
    HourlyCounts,
    ListedGateway,
    OutcomeCounts,
    StatsQuery,
)
from orylo_api.gateways.secrets import shown_secrets
from orylo_api.http.problem_details import FieldProblem
from orylo_common.control.gateways import GatewayConfig, GatewaySummary, find_gateway, list_gateways
from orylo_common.control.models import GATEWAY_NAMES, GatewayName
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem

# Until the transaction ends, other changes of the gateway and its secrets wait.
LOCK_GATEWAY = "SELECT FROM control.gateways WHERE tenant_id = $1 AND gateway = $2 FOR UPDATE"
DAY = timedelta(days=1)

log = structlog.get_logger(__name__)


async def list_all(call: Call[Any, Any, Any]) -> list[ListedGateway]:
    known = {each.gateway: each for each in await list_gateways(call.connection, call.principal.tenant.id)}
    health = await read_health(call)
    items = []
    for name in GATEWAY_NAMES:
        found = known.get(name)
        config = _config(found) if found else None
        items.append(
            ListedGateway(
                **dict(configuration(call, name, config)),
                secrets=shown_secrets(found.secrets if found else []),
                health=None if health is None else health.get(name, _NO_HEALTH),
            )
        )
    return items


def _config(found: GatewaySummary) -> GatewayConfig:
    return GatewayConfig(
        found.enabled, found.mode, frozenset(found.accept), tuple(found.allowed_networks), found.timezone
    )


async def show_one(call: Call[Any, Any, Any], name: GatewayName) -> GatewayConfiguration:
    return configuration(call, name, await find_gateway(call.connection, call.principal.tenant.id, name))


def configuration(call: Call[Any, Any, Any], name: GatewayName, config: GatewayConfig | None) -> GatewayConfiguration:
    base, path = call.services.settings.webhook_base_url, webhook_path(name, call.principal.tenant.slug)
    url = f"{base.rstrip('/')}{path}" if base else None
    shown = config or GatewayConfig()
    return GatewayConfiguration(
        name=name,
        configured=config is not None,
        enabled=shown.enabled if config else False,
        mode=shown.mode,
        accept=sorted(shown.accept),
        allowed_networks=list(shown.allowed_networks),
        timezone=shown.timezone,
        path=path,
        url=url,
        reachable=is_reachable(url) if url else None,
    )


async def lock_gateway(call: Call[Any, Any, Any], name: GatewayName) -> None:
    """Raise `Conflict` if the gateway is not set up."""
    if await call.connection.fetchrow(LOCK_GATEWAY, call.principal.tenant.id, name) is None:
        raise Conflict(f"{name} is not set up: PUT /api/v1/gateways/{name} first", code="gateway_not_configured")


async def read_health(call: Call[Any, Any, Any]) -> dict[str, GatewayHealth] | None:
    """Return the health of each gateway that ever received a webhook, or None while ingest cannot be reached."""
    try:
        activity = await call.services.ingest.read_activity(call.principal.tenant.id)
    except (TransientError, HTTPProblem) as error:
        log.warning("gateways.health_unavailable", error=str(error))
        return None
    return {each["gateway"]: _health(each) for each in activity}


async def read_stats(call: Call[Any, Any, Any], name: GatewayName, query: StatsQuery) -> GatewayStats:
    """Raises `TransientError`, and `Invalid` for a range that is too long."""
    until = query.to or call.services.clock.now()
    since = query.from_ or until - DAY
    if not timedelta() < until - since <= MAX_RANGE:
        error = FieldProblem(field="query.from", message="must lie at most 31 days before `to`")
        raise Invalid("the range is invalid", [error])
    ingest, tenant_id = call.services.ingest, call.principal.tenant.id
    activity = {each["gateway"]: _health(each) for each in await ingest.read_activity(tenant_id)}
    hours = await ingest.read_hours(tenant_id, name, {"since": _hour(since).isoformat(), "until": until.isoformat()})
    return GatewayStats(
        health=activity.get(name),
        hours=[HourlyCounts(hour=each["hour"], counts=OutcomeCounts(**each["counts"])) for each in hours],
    )


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _health(activity: dict[str, Any]) -> GatewayHealth:
    return GatewayHealth(
        last_at=activity["last_at"],
        rejected_at=activity["rejected_at"],
        counts=OutcomeCounts(**activity["counts"]),
        usual_gap_s=activity["usual_gap_s"],
        silent_since=activity["silent_since"],
    )


_NO_HEALTH = GatewayHealth(last_at=None, rejected_at=None, counts=OutcomeCounts(), usual_gap_s=None, silent_since=None)


def unknown_secret() -> NotFound:
    return NotFound("the gateway has no secret with this label")
