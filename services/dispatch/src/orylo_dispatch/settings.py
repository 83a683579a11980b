"""Every environment variable that the dispatch service reads."""

from typing import Annotated

from pydantic import Field, StringConstraints

from orylo_common.settings import KeyringSettings


class Settings(KeyringSettings):
    # The demo replaces it with a fake Meta.
    meta_base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")] = "https://graph.facebook.com"
    meta_api_version: Annotated[str, StringConstraints(pattern=r"^v\d{1,3}\.\d{1,2}$")] = "v26.0"
    # The demo and tests replace it with a fake Stripe.
    stripe_base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")] = "https://api.stripe.com"
    # Messages that are received while one batch is committed form the next batch.
    dispatch_prefetch: int = Field(default=500, ge=1, le=5000)
    # Serves the health, the metrics, and answers to other services. Must never be reachable from outside the platform.
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=9103, ge=1, le=65535)
