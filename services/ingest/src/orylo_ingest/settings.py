"""All environment variables that ingest reads."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from orylo_common.settings import KeyringSettings
from orylo_ingest.webhooks.store import MAX_WAITING


class Settings(KeyringSettings):
    host: str = Field(default="127.0.0.1", validation_alias="ORYLO_INGEST_HOST")
    port: int = Field(default=8080, ge=0, le=65535, validation_alias="ORYLO_INGEST_PORT")
    # Lets several processes listen on one port. The kernel distributes connections among them.
    reuse_port: bool = Field(default=False, validation_alias="ORYLO_INGEST_REUSE_PORT")
    # Serves stored webhooks to the API. Must never be reachable from outside the platform. None: not served.
    private_port: int | None = Field(default=None, ge=1, le=65535, validation_alias="ORYLO_INGEST_PRIVATE_PORT")
    health_host: str = "127.0.0.1"
    # The number of our own proxies in front of ingest. Each appends one address to X-Forwarded-For.
    trusted_proxies: int = Field(default=0, ge=0, le=5, validation_alias="ORYLO_INGEST_TRUSTED_PROXIES")

    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, validation_alias="ORYLO_INGEST_MAX_BODY_BYTES")
    # No gateway takes this long to send a body of the permitted size.
    body_timeout: timedelta = Field(default=timedelta(seconds=10), validation_alias="ORYLO_INGEST_BODY_TIMEOUT")
    # Webhooks waiting for PostgreSQL at once, half of them of one tenant. Beyond that, the response is 503.
    max_waiting: int = Field(default=MAX_WAITING, ge=100, le=100_000, validation_alias="ORYLO_INGEST_MAX_WAITING")

    # For reconciliations. Tests replace it with a fake Stripe.
    stripe_base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")] = "https://api.stripe.com"
