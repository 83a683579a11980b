"""Stripe's lists of events and balance transactions, a page at a time, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp

from orylo_common.errors import PermanentError, TransientError
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.stripe_calls import call_stripe, quoted, wait_of
from orylo_ingest.reconciliation.job import ComparedRange

# Stripe's largest page: https://docs.stripe.com/api/pagination
PAGE = 100
# An event has a few KiB, an expanded charge about 5.
MAX_BYTES = 32 * 1024 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=40, sock_connect=5)
# After a failure that says nothing about the next attempt.
PAUSE = timedelta(seconds=10)

EVENTS = "/v1/events"
BALANCE_TRANSACTIONS = "/v1/balance_transactions"
PERMISSIONS = {EVENTS: "Events: Read", BALANCE_TRANSACTIONS: "Balance transactions: Read, and Charges: Read"}


class KeyRefused(PermanentError):
    """Stripe does not accept the key."""


class PermissionMissing(PermanentError):
    """The key is valid and may not read this list."""


class ListRefused(PermanentError):
    """Stripe refuses the request for another reason."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """`last` is the id after which the next page starts; None if this is the last page."""

    items: Sequence[Mapping[str, Any]]
    last: str | None


@dataclass(frozen=True, slots=True)
class StripeLists:
    session: aiohttp.ClientSession
    base_url: str
    breaker: CircuitBreaker

    async def probe(self) -> None:
        """Ask without a key, which Stripe refuses. Raises `aiohttp.ClientError` if Stripe does not answer."""
        async with self.session.get(self.base_url + EVENTS, timeout=TIMEOUT, allow_redirects=False) as response:
            if response.status >= 500:
                response.raise_for_status()

    async def read_page(self, path: str, key: str, span: ComparedRange, after: str | None) -> ListPage:
        """Raises `TransientError`, or a `PermanentError` above."""
        params = [
            ("limit", str(PAGE)),
            ("created[gte]", str(int(span.start.timestamp()))),
            ("created[lt]", str(int(span.end.timestamp()))),
        ]
        if path == BALANCE_TRANSACTIONS:
            # A balance transaction is in the account's currency, its source in the buyer's.
            params.append(("expand[]", "data.source"))
        if after is not None:
            params.append(("starting_after", after))
        async with self.breaker:
            return await self._read(path, key, params)

    async def _read(self, path: str, key: str, params: list[tuple[str, str]]) -> ListPage:
        try:
            answer = await call_stripe(
                self.session, "GET", self.base_url + path, key=key, timeout=TIMEOUT, max_bytes=MAX_BYTES, params=params
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientError(f"Stripe did not answer ({type(error).__name__})", retry_after=PAUSE) from None
        said = quoted(answer.error)
        match answer.status:
            case 200:
                return _page_of(answer.body)
            case 401:
                raise KeyRefused(f"Stripe refuses the key. Store a new one.{said}")
            case 403:
                raise PermissionMissing(f"The key lacks a permission ({PERMISSIONS[path]}).{said}")
            case 429:
                wait = wait_of(answer.headers)
                raise TransientError("Stripe limits the rate of calls", retry_after=wait)
            case status if 400 <= status < 500 and status not in (408, 409):
                raise ListRefused(f"Stripe refuses the request with status {status}.{said}")
            case status:
                raise TransientError(f"Stripe answered with status {status}", retry_after=PAUSE)


def _page_of(body: Mapping[str, Any] | None) -> ListPage:
    data = body.get("data") if body else None
    if body is None or not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise TransientError("Stripe's answer is not a list", retry_after=PAUSE)
    last = data[-1].get("id") if data else None
    return ListPage(data, last if body.get("has_more") is True and isinstance(last, str) else None)
