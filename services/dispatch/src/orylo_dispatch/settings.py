"""Everything the dispatch service reads from its environment, and nowhere else."""

from typing import Annotated

from pydantic import Field, StringConstraints

from orylo_common.settings import CommonSettings


class Settings(CommonSettings):
    # Where the Conversions API is; the demo has a stand-in.
    meta_base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")] = "https://graph.facebook.com"
    meta_api_version: Annotated[str, StringConstraints(pattern=r"^v\d{1,3}\.\d{1,2}$")] = "v26.0"
    # What gathers while one batch is being committed, and is the next one.
    dispatch_prefetch: int = Field(default=500, ge=1, le=5000)
    health_port: int = Field(default=9100, ge=1, le=65535)
