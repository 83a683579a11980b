"""Everything the API reads from its environment, and nowhere else."""

from datetime import timedelta

from pydantic import Field

from orylo_common.settings import CommonSettings


class Settings(CommonSettings):
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=0, le=65535)
    # What gathers while one batch is being committed, and is the next one.
    api_prefetch: int = Field(default=500, ge=1, le=5000)

    # How many proxies of our own stand before us; each adds one address to X-Forwarded-For.
    api_trusted_proxies: int = Field(default=0, ge=0, le=5)
    # Cookies are marked Secure where the request came by HTTPS; this marks them always.
    api_secure_cookies: bool = False
    # How long a sign-in lasts without, and with, being refreshed.
    api_access_lifetime: timedelta = Field(default=timedelta(minutes=15), gt=timedelta(seconds=10))
    api_refresh_lifetime: timedelta = Field(default=timedelta(days=14), gt=timedelta(minutes=1))
