"""Every environment variable of the detector."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from orylo_common.settings import CommonSettings
from orylo_detector.adapters.ip_countries import open_country_database


def _has_countries(file: Path) -> Path:
    open_country_database(file)
    return file


class Settings(CommonSettings):
    # The messages that arrive while one batch is read or committed form the next batch.
    detector_prefetch: int = Field(default=500, ge=1, le=5000)
    # A MaxMind file (.mmdb) of countries or cities, in place of the addresses' allocations.
    detector_country_database: Annotated[Path, AfterValidator(_has_countries)] | None = None
    # Serves the health, the metrics, and answers to other services. Must never be reachable from outside the platform.
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=9101, ge=1, le=65535)
