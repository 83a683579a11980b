"""Section `limits`: a tenant's rate limits."""

from typing import ClassVar

from pydantic import Field
from pydantic.config import JsonDict

from orylo_common.control.models import TenantSettings

RATE: JsonDict = {"unit": "requests per second"}


class LimitSettings(TenantSettings):
    """Requests per second, averaged over windows of ten seconds."""

    section: ClassVar[str] = "limits"

    webhooks: int = Field(
        default=3_000, ge=1, le=1_000_000, description="webhooks of the tenant", json_schema_extra=RATE
    )
    rejected_webhooks_per_address: int = Field(
        default=100,
        ge=1,
        le=1_000_000,
        description="rejected webhooks of one address; above it, the address is blocked before its signatures are "
        "checked",
        json_schema_extra=RATE,
    )
    visits: int = Field(
        default=3_000, ge=1, le=1_000_000, description="visits that the tenant's pages report", json_schema_extra=RATE
    )
    visits_per_address: int = Field(
        default=100, ge=1, le=1_000_000, description="visits that one address reports", json_schema_extra=RATE
    )
