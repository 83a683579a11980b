from datetime import datetime

from pydantic import Field

from orylo_api.http.fields import ResponseBody


class HealthCheck(ResponseBody):
    ok: bool
    latency_ms: float = Field(ge=0, description="how long the check took", examples=[1.8])
    detail: str = Field(description="for people", examples=["It answers."])


class HealthChecks(ResponseBody):
    database: HealthCheck = Field(description="PostgreSQL answers")
    stripe: HealthCheck = Field(description="Stripe's API answers, if a shop acts on payments there")
    cache: HealthCheck = Field(description="Redis answers. Without it, detection sees less of a payment's past.")
    webhooks: HealthCheck = Field(description="webhooks arrive as they did at this time a week ago")


class PaymentHealth(ResponseBody):
    """The health of receiving and handling payments. It names no shop."""

    healthy: bool = Field(description="whether every check is ok")
    timestamp: datetime = Field(description="of the checks; they are repeated at most every 5 seconds")
    checks: HealthChecks
