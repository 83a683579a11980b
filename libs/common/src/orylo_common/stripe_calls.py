"""One request to Stripe's API, and what its answers have in common."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp

from orylo_common.http.answers import read_object

# In place of the account's default version. Stored events keep the version that they were made with.
API_VERSION = "2025-03-31.basil"
# The wait after a 429 that does not say how long to wait.
THROTTLE_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)

# Keys, email addresses and card numbers that Stripe may quote.
_PRIVATE = re.compile(r"\b(?:sk|rk|pk)_\S+|\S+@\S+|\d{8,}")


@dataclass(frozen=True, slots=True)
class StripeAnswer:
    """`body` is the JSON object, or None if there is none. `headers` are case-insensitive."""

    status: int
    body: Mapping[str, Any] | None
    headers: Mapping[str, str]

    @property
    def error(self) -> Mapping[str, Any]:
        """The error object; empty if there is none."""
        error = self.body.get("error") if self.body else None
        return error if isinstance(error, Mapping) else {}


async def call_stripe(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    key: str,
    timeout: aiohttp.ClientTimeout,
    max_bytes: int,
    params: list[tuple[str, str]] | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> StripeAnswer:
    """Send one request. Raises aiohttp's errors and `TimeoutError`."""
    async with session.request(
        method,
        url,
        params=params,
        data=form,
        headers={"Authorization": f"Bearer {key}", "Stripe-Version": API_VERSION, **(headers or {})},
        timeout=timeout,
        allow_redirects=False,
    ) as response:
        return StripeAnswer(response.status, await read_object(response, max_bytes=max_bytes), response.headers)


def quoted(error: Mapping[str, Any]) -> str:
    """Return Stripe's message as a sentence to append, without keys, email addresses and long numbers."""
    message = error.get("message")
    text = message[:200] if isinstance(message, str) else ""
    return f" Stripe says: {_PRIVATE.sub('…', text)}" if text else ""


def wait_of(headers: Mapping[str, str]) -> timedelta:
    """Return how long a 429 asks to wait."""
    seconds = headers.get("Retry-After", "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 6):
        return THROTTLE_WAIT
    return min(max(timedelta(seconds=int(seconds)), timedelta(seconds=1)), LONGEST_WAIT)
