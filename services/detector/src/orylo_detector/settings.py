"""Every environment variable of the detector."""

from pydantic import Field

from orylo_common.settings import CommonSettings


class Settings(CommonSettings):
    # The messages that arrive while one batch is read or committed form the next batch.
    detector_prefetch: int = Field(default=500, ge=1, le=5000)
    health_port: int = Field(default=9100, ge=1, le=65535)
