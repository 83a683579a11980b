"""Asks the detector for decisions and backtests."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import orjson

from orylo_api.private_port import PrivatePort

# A decision takes milliseconds. The merchant's checkout waits for it.
TIMEOUT = timedelta(seconds=3)
# The detector writes something every second while it works on a backtest. It may have to wait for another one first.
CONNECT_TIMEOUT = timedelta(seconds=3)
PIECE = 1 << 18
# A report has some 100 KB.
MAX_REPORT = 16 << 20


class DetectorClient:
    def __init__(self, session: aiohttp.ClientSession, base_url: str | None) -> None:
        self._port = PrivatePort(session, "detector", base_url, "ORYLO_DETECTOR_URL")

    async def evaluate(self, payment: bytes, *, dry_run: bool) -> dict[str, Any]:
        """Return the decision on a payment, given as an encoded message. Raises `TransientError`."""
        query = {"dry_run": "true"} if dry_run else {}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT.total_seconds())
        async with self._port.request("POST", "/evaluate", query, timeout=timeout, data=payment) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def backtest(self, request: bytes, file: bytes) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the lines of a backtest: progress, then a check, a report or a refusal. Raises `TransientError`.

        `request` is a line of JSON. Closing the iterator ends the backtest.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT.total_seconds())
        async with self._port.request("POST", "/backtests", timeout=timeout, data=_pieces(request, file)) as response:
            rest = b""
            async for piece in response.content.iter_any():
                *lines, rest = (rest + piece).split(b"\n")
                for line in filter(None, lines):
                    yield orjson.loads(line)
                if len(rest) > MAX_REPORT:
                    raise aiohttp.ClientPayloadError("the report is too large")
            if rest:
                yield orjson.loads(rest)


async def _pieces(request: bytes, file: bytes) -> AsyncIterator[bytes]:
    yield request
    for start in range(0, len(file), PIECE):
        yield file[start : start + PIECE]
