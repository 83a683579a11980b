from datetime import datetime
from typing import Literal

from pydantic import Field

from orylo_api.health.models import HealthPart, HealthStatus
from orylo_api.http.fields import ResponseBody
from orylo_api.switches.models import ActiveSwitch


class BreakerCondition(ResponseBody):
    name: str = Field(examples=["destination:0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60"])
    state: Literal["open", "half_open"]


class ServiceHealth(HealthPart):
    name: str = Field(examples=["dispatch"])
    checks: dict[str, str] = Field(
        description="what its `/readyz` says about each dependency", examples=[{"postgres": "ok", "broker": "ok"}]
    )
    breakers: list[BreakerCondition] = Field(description="those that are not closed")


class QueueHealth(HealthPart):
    name: str = Field(examples=["dispatch"])
    waiting: int | None = Field(
        ge=0, description="messages that no consumer has taken; null if it is unknown", examples=[0]
    )
    dead: int | None = Field(
        ge=0, description="messages in its dead-letter queue that the API has not read", examples=[0]
    )


class PlatformHealth(ResponseBody):
    generated_at: datetime
    status: HealthStatus = Field(description="the worst of the services and queues")
    services: list[ServiceHealth] = Field(description="one replica of each, as the API reaches it")
    queues: list[QueueHealth]
    projection_lag_s: float = Field(
        ge=0, description="age of the oldest message that this API does not show yet", examples=[0.4]
    )
    switches: list[ActiveSwitch] = Field(description="the platform's that are on")
