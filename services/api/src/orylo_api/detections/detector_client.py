"""Calls the detector's private port."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem

# A decision takes milliseconds. The merchant's checkout waits for it.
TIMEOUT = timedelta(seconds=3)
# The detector writes something every second while it works on a backtest. It may have to wait for another one first.
CONNECT_TIMEOUT = timedelta(seconds=3)
PIECE = 1 << 18
# A report has some 100 KB.
MAX_REPORT = 16 << 20
NOT_CONFIGURED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "detector_not_configured",
    "The API does not know where the detector is. Its operator has to set ORYLO_DETECTOR_URL.",
    title="Not configured",
)


class DetectorClient:
    def __init__(self, session: aiohttp.ClientSession, base_url: str | None) -> None:
        self._session = session
        self._base_url = base_url

    async def evaluate(self, payment: bytes, *, dry_run: bool) -> dict[str, Any]:
        """Return the decision on a payment, given as an encoded message. Raises `TransientError`."""
        try:
            async with self._session.post(
                self._url("evaluate"),
                data=payment,
                params={"dry_run": "true"} if dry_run else {},
                timeout=aiohttp.ClientTimeout(total=TIMEOUT.total_seconds()),
            ) as response:
                response.raise_for_status()
                answer: dict[str, Any] = await response.json()
                return answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientError("the detector cannot be reached") from error

    async def backtest(self, request: bytes, file: bytes) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the lines of a backtest: progress, then a check, a report or a refusal. Raises `TransientError`.

        `request` is a line of JSON. Closing the iterator ends the backtest.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT.total_seconds())
        try:
            async with self._session.post(
                self._url("backtests"), data=_pieces(request, file), timeout=timeout
            ) as response:
                response.raise_for_status()
                rest = b""
                async for piece in response.content.iter_any():
                    *lines, rest = (rest + piece).split(b"\n")
                    for line in filter(None, lines):
                        yield orjson.loads(line)
                    if len(rest) > MAX_REPORT:
                        raise aiohttp.ClientPayloadError("the report is too large")
                if rest:
                    yield orjson.loads(rest)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientError("the detector cannot be reached") from error

    def _url(self, path: str) -> str:
        if self._base_url is None:
            raise HTTPProblem(NOT_CONFIGURED)
        return f"{self._base_url}/{path}"


async def _pieces(request: bytes, file: bytes) -> AsyncIterator[bytes]:
    yield request
    for start in range(0, len(file), PIECE):
        yield file[start : start + PIECE]
