"""Section `limits`: a tenant's rate limits."""

from typing import ClassVar

from pydantic import Field

from orylo_common.control.models import TenantSettings


class LimitSettings(TenantSettings):
    """Requests per second, averaged over windows of ten seconds."""

    section: ClassVar[str] = "limits"

    webhooks: int = Field(default=3_000, ge=1, le=1_000_000)
    # Above this, an address that keeps sending rejected webhooks is blocked before its signatures are checked.
    rejected_webhooks_per_address: int = Field(default=100, ge=1, le=1_000_000)
    visits: int = Field(default=3_000, ge=1, le=1_000_000)
    visits_per_address: int = Field(default=100, ge=1, le=1_000_000)
