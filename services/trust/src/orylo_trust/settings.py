"""Every environment variable of the trust service."""

from pydantic import Field

from orylo_common.settings import CommonSettings


class Settings(CommonSettings):
    # The messages that arrive while one batch is committed form the next batch.
    trust_prefetch: int = Field(default=500, ge=1, le=5000)
    # Serves the health, the metrics, and answers to other services. Must never be reachable from outside the platform.
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=9102, ge=1, le=65535)
