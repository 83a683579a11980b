"""A client with an API key."""

import httpx

from orylo_client.rest.client import AuthenticatedClient
from orylo_client.transport import RetryingTransport


def connect(
    url: str, api_key: str, *, attempts: int = 4, timeout: float = 15, transport: RetryingTransport | None = None
) -> AuthenticatedClient:
    """Return a client, to be used with `with` or `async with`.

    A request is sent up to `attempts` times while a repetition may succeed and cannot take effect twice. `timeout` is
    in seconds, for each attempt.
    """
    return AuthenticatedClient(
        base_url=url,
        token=api_key,
        timeout=httpx.Timeout(timeout),
        httpx_args={"transport": transport or RetryingTransport(attempts=attempts)},
    )
