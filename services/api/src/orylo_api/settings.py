"""The environment variables that the API reads. It reads no others."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from orylo_common.settings import KeyringSettings

BaseURL = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#]+[^?#]*$")]


class Settings(KeyringSettings):
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=0, le=65535)
    # Messages that gather while a batch is being committed; they are the next batch.
    api_prefetch: int = Field(default=1000, ge=1, le=5000)

    # The base URL of the detector's private port. Without it payments cannot be evaluated over the API.
    detector_url: BaseURL | None = None

    # The base URLs of ingest: its public port, for sample webhooks, and its private port, for stored ones.
    ingest_url: BaseURL | None = None
    ingest_private_url: BaseURL | None = None
    # The base URL under which gateways reach ingest from the internet.
    webhook_base_url: BaseURL | None = None
    # Lets the check of a tracking script fetch pages of this machine too.
    api_checks_loopback_pages: bool = False

    # The base URL of trust's private port. Without it, operators do not see its health.
    trust_url: BaseURL | None = None

    # The base URL of dispatch's private port. Without it neither attempts are shown nor destinations checked.
    dispatch_url: Annotated[str, StringConstraints(pattern=r"^https?://")] | None = None

    # The number of our own proxies in front of the API. Each adds one address to X-Forwarded-For.
    api_trusted_proxies: int = Field(default=0, ge=0, le=5)
    # Cookies are marked Secure if the request came by HTTPS; this marks them always.
    api_secure_cookies: bool = False
    # How long a session lasts without being refreshed, and how long after its last refresh.
    api_access_lifetime: timedelta = Field(default=timedelta(minutes=15), gt=timedelta(seconds=10))
    api_refresh_lifetime: timedelta = Field(default=timedelta(days=14), gt=timedelta(minutes=1))
    # How long a session lasts at most, however often it is refreshed.
    api_session_lifetime: timedelta = Field(default=timedelta(days=30), gt=timedelta(minutes=1))
    # Refuses requests whose Host is not a loopback name. `orylo up --demo` sets it: its password is public.
    api_loopback_names_only: bool = False
