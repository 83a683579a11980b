"""Send requests, repeat those that failed for a moment, and raise error responses."""

import asyncio
import random
import time
from uuid import uuid4

import httpx

from orylo_client.errors import error_of

IDEMPOTENCY_KEY = "Idempotency-Key"
# A request with one of these methods has the same effect when it is sent twice.
REPEATABLE = {"GET", "HEAD", "PUT", "DELETE"}
# A server that is busy, and one that is starting or has lost its database.
PASSING = {429, 503}
# Nothing has been sent when these are raised.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 10.0


class RetryingTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Give each POST an `Idempotency-Key`, and repeat requests with backoff. Raises `ApiError`."""

    def __init__(
        self,
        *,
        attempts: int = 4,
        inner: httpx.BaseTransport | None = None,
        inner_async: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._attempts = attempts
        self._inner = inner or httpx.HTTPTransport()
        self._inner_async = inner_async or httpx.AsyncHTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        _add_key(request)
        for attempt in range(1, self._attempts):
            try:
                response = self._inner.handle_request(request)
            except httpx.TransportError as error:
                if not _may_repeat(request, error):
                    raise
                time.sleep(_wait(attempt))
                continue
            if response.status_code not in PASSING or not _has_one_effect(request):
                return self._checked(request, response)
            response.close()
            time.sleep(_wait(attempt, response))
        return self._checked(request, self._inner.handle_request(request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        _add_key(request)
        for attempt in range(1, self._attempts):
            try:
                response = await self._inner_async.handle_async_request(request)
            except httpx.TransportError as error:
                if not _may_repeat(request, error):
                    raise
                await asyncio.sleep(_wait(attempt))
                continue
            if response.status_code not in PASSING or not _has_one_effect(request):
                return await self._checked_async(request, response)
            await response.aclose()
            await asyncio.sleep(_wait(attempt, response))
        return await self._checked_async(request, await self._inner_async.handle_async_request(request))

    def close(self) -> None:
        self._inner.close()

    async def aclose(self) -> None:
        await self._inner_async.aclose()

    @staticmethod
    def _checked(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if response.is_error:
            response.request = request
            response.read()
            response.close()
            raise error_of(response)
        return response

    @staticmethod
    async def _checked_async(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if response.is_error:
            response.request = request
            await response.aread()
            await response.aclose()
            raise error_of(response)
        return response


def _add_key(request: httpx.Request) -> None:
    if request.method == "POST":
        request.headers.setdefault(IDEMPOTENCY_KEY, str(uuid4()))


def _has_one_effect(request: httpx.Request) -> bool:
    return request.method in REPEATABLE or IDEMPOTENCY_KEY in request.headers


def _may_repeat(request: httpx.Request, error: httpx.TransportError) -> bool:
    return isinstance(error, NOT_SENT) or _has_one_effect(request)


def _wait(attempt: int, response: httpx.Response | None = None) -> float:
    """Return the seconds to wait: what the server asks for, or else a random part of a limit that doubles."""
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    if asked.isdecimal():
        return min(float(asked), LONGEST_WAIT_S)
    return random.uniform(0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt))  # noqa: S311  not a secret
