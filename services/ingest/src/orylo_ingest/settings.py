"""Everything ingest reads from its environment, and nowhere else."""

from datetime import timedelta

from pydantic import Field

from orylo_common.settings import CommonSettings


class Settings(CommonSettings):
    host: str = Field(default="127.0.0.1", validation_alias="ORYLO_INGEST_HOST")
    port: int = Field(default=8080, ge=0, le=65535, validation_alias="ORYLO_INGEST_PORT")
    # Several processes on one port share what comes in; the kernel deals it out.
    reuse_port: bool = Field(default=False, validation_alias="ORYLO_INGEST_REUSE_PORT")
    # How many proxies of our own stand before us; each adds one address to X-Forwarded-For.
    trusted_proxies: int = Field(default=0, ge=0, le=5, validation_alias="ORYLO_INGEST_TRUSTED_PROXIES")

    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, validation_alias="ORYLO_INGEST_MAX_BODY_BYTES")
    # A sender that is slower than this to hand over a body that fits is no gateway.
    body_timeout: timedelta = Field(default=timedelta(seconds=10), validation_alias="ORYLO_INGEST_BODY_TIMEOUT")
    # Webhooks that wait for PostgreSQL at once; more are asked to come again.
    max_waiting: int = Field(default=5000, ge=100, le=100_000, validation_alias="ORYLO_INGEST_MAX_WAITING")
