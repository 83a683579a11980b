from datetime import datetime
from enum import StrEnum

from pydantic import Field

from orylo_api.destinations.models import ListedDestination
from orylo_api.http.fields import ResponseBody


class HealthStatus(StrEnum):
    OK = "ok"
    # It could not be asked.
    MISSING = "missing"
    FAILED = "failed"


class HealthPart(ResponseBody):
    status: HealthStatus
    detail: str | None = Field(
        description="why it is not ok, for people", examples=["Hotmart has sent nothing since 14:02 UTC."]
    )


class GatewayCondition(ResponseBody):
    gateway: str
    status: HealthStatus = Field(description="failed: it is silent, or all webhooks of the last 24 hours were rejected")
    last_at: datetime | None = Field(description="when its last authentic webhook arrived")
    silent_since: datetime | None = Field(description="null unless webhooks would usually have arrived since")
    rejected: int = Field(ge=0, description="webhooks of the last 24 hours that were rejected", examples=[3])


class GatewaysHealth(HealthPart):
    items: list[GatewayCondition] = Field(description="those that are enabled; empty if ingest cannot be asked")


class DecisionsHealth(HealthPart):
    p95_ms: float | None = Field(
        ge=0, description="the time that the detectors took for 95 % of the measured decisions", examples=[11.8]
    )
    measured: int = Field(ge=0, description="the newest decisions of the last hour, at most 500", examples=[214])


class DestinationsHealth(HealthPart):
    items: list[ListedDestination] = Field(description="`on_hold` is a refused token or configuration")


class DeadLettersHealth(HealthPart):
    open: int = Field(ge=0, description="exact up to 10,000, where it stops", examples=[214])


class ProjectionHealth(HealthPart):
    lag_s: float = Field(ge=0, description="age of the oldest message that this API does not show yet", examples=[0.4])


class HealthSummary(ResponseBody):
    """A shop's own health. Each part has its own status: one that cannot be asked hides no other."""

    generated_at: datetime
    status: HealthStatus = Field(description="the worst of the parts")
    gateways: GatewaysHealth
    decisions: DecisionsHealth
    destinations: DestinationsHealth
    dead_letters: DeadLettersHealth
    projection: ProjectionHealth


def worst(statuses: list[HealthStatus]) -> HealthStatus:
    return max(statuses, key=list(HealthStatus).index, default=HealthStatus.OK)
