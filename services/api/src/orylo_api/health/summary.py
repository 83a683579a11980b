"""A shop's own health, in the terms of its owner."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from orylo_api.attention.queries import COUNT_DEAD_LETTERS, MAX_COUNTED
from orylo_api.call import Call
from orylo_api.destinations.models import DestinationCondition, ListedDestination
from orylo_api.destinations.queries import list_destinations
from orylo_api.gateways.models import GatewayHealth
from orylo_api.gateways.queries import read_health
from orylo_api.health.models import (
    DeadLettersHealth,
    DecisionsHealth,
    DestinationsHealth,
    GatewayCondition,
    GatewaysHealth,
    HealthStatus,
    HealthSummary,
    ProjectionHealth,
    worst,
)
from orylo_common.control.gateways import list_gateways
from orylo_common.postgres.pool import Connection

# A figure of the present: older decisions say nothing about it.
MEASURED_WITHIN = timedelta(hours=1)
MAX_MEASURED = 500
# The dashboard promises two seconds.
LAG_LIMIT_S = 60

SELECT_DECISION_TIME = """
    SELECT count(*) AS measured,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY took.us) / 1000.0::float8 AS p95_ms
    FROM (
        SELECT findings FROM api.detections_view WHERE created_at >= $1 ORDER BY created_at DESC, id DESC LIMIT $2
    ) AS recent
    CROSS JOIN LATERAL (
        -- No detector ran for a sample sale.
        SELECT sum((each ->> 'duration_us')::float8) AS us
        FROM jsonb_array_elements(recent.findings -> 'detectors') AS each
        HAVING count(*) > 0
    ) AS took
"""
NOT_SENT_TO = {
    DestinationCondition.ON_HOLD: "refuses its token or configuration",
    DestinationCondition.UNAVAILABLE: "does not answer",
}


async def read_summary(call: Call[Any, Any, Any]) -> HealthSummary:
    now = call.services.clock.now()
    gateways = await _gateways(call)
    decisions = await _decisions(call.connection, now - MEASURED_WITHIN)
    destinations = _destinations((await list_destinations(call.connection)).items)
    dead_letters, projection = await _dead_letters(call.connection), _projection(call.services.projection_lag_s())
    return HealthSummary(
        generated_at=now,
        status=worst([gateways.status, destinations.status, dead_letters.status, projection.status]),
        gateways=gateways,
        decisions=decisions,
        destinations=destinations,
        dead_letters=dead_letters,
        projection=projection,
    )


async def _gateways(call: Call[Any, Any, Any]) -> GatewaysHealth:
    known = await list_gateways(call.connection, call.principal.tenant.id)
    health = await read_health(call)
    if health is None:
        return GatewaysHealth(status=HealthStatus.MISSING, detail="What arrives is not known at the moment.", items=[])
    items = [_gateway(each.gateway, health.get(each.gateway)) for each in known if each.enabled]
    failed = [each for each in items if each.status is HealthStatus.FAILED]
    return GatewaysHealth(
        status=HealthStatus.FAILED if failed else HealthStatus.OK,
        detail=" ".join(map(_sentence, failed)) or None,
        items=items,
    )


def _gateway(name: str, health: GatewayHealth | None) -> GatewayCondition:
    if health is None:
        return GatewayCondition(gateway=name, status=HealthStatus.OK, last_at=None, silent_since=None, rejected=0)
    counts = health.counts
    only_rejected = counts.rejected > 0 and not sum(counts.model_dump(exclude={"rejected"}).values())
    failed = health.silent_since is not None or only_rejected
    return GatewayCondition(
        gateway=name,
        status=HealthStatus.FAILED if failed else HealthStatus.OK,
        last_at=health.last_at,
        silent_since=health.silent_since,
        rejected=counts.rejected,
    )


def _sentence(gateway: GatewayCondition) -> str:
    if gateway.silent_since is not None:
        return f"{gateway.gateway} has sent nothing since {gateway.silent_since:%Y-%m-%d %H:%M} UTC."
    return f"All {gateway.rejected} webhooks of {gateway.gateway} were rejected in the last 24 hours."


async def _decisions(connection: Connection, since: datetime) -> DecisionsHealth:
    [row] = await connection.fetch(SELECT_DECISION_TIME, since, MAX_MEASURED)
    return DecisionsHealth.from_row(row, status=HealthStatus.OK, detail=None)


def _destinations(items: Sequence[ListedDestination]) -> DestinationsHealth:
    failed = [each for each in items if each.status in NOT_SENT_TO]
    return DestinationsHealth(
        status=HealthStatus.FAILED if failed else HealthStatus.OK,
        detail=" ".join(f"{each.name} {NOT_SENT_TO[each.status]}; its conversions wait." for each in failed) or None,
        items=list(items),
    )


async def _dead_letters(connection: Connection) -> DeadLettersHealth:
    [row] = await connection.fetch(COUNT_DEAD_LETTERS, MAX_COUNTED)
    count = row["count"]
    return DeadLettersHealth(
        status=HealthStatus.FAILED if count else HealthStatus.OK,
        detail=f"{count} messages or conversions failed for good and wait for a decision." if count else None,
        open=count,
    )


def _projection(lag_s: float) -> ProjectionHealth:
    late = lag_s > LAG_LIMIT_S
    return ProjectionHealth(
        status=HealthStatus.FAILED if late else HealthStatus.OK,
        detail=f"What you see is {lag_s:.0f} seconds old. Webhooks and conversions are not affected." if late else None,
        lag_s=round(max(lag_s, 0.0), 3),
    )
