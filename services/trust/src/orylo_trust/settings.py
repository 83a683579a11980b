"""Everything the trust service reads from its environment, and nowhere else."""

from pydantic import Field

from orylo_common.settings import CommonSettings


class Settings(CommonSettings):
    # What gathers while one batch is being committed, and is the next one.
    trust_prefetch: int = Field(default=500, ge=1, le=5000)
    health_port: int = Field(default=9100, ge=1, le=65535)
