"""Sends the requests on schedule."""

import asyncio
import time
from collections.abc import Iterator

import aiohttp

from orylo_cli.simulate.requests import SimulatedRequest
from orylo_cli.simulate.summary import SimulateSummary

MAX_IN_FLIGHT = 256
RESPONSE_TIMEOUT_S = 30.0


class WebhookSender:
    """An open-loop load generator: it sends on schedule and measures latency from the scheduled time."""

    def __init__(self, session: aiohttp.ClientSession, ingest_url: str, summary: SimulateSummary) -> None:
        self._session = session
        self._ingest_url = ingest_url.rstrip("/")
        self._summary = summary
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def send_all(self, requests: Iterator[SimulatedRequest], *, duration_s: float | None) -> None:
        started = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as in_flight:
                for request in requests:
                    if duration_s is not None and request.offset_s >= duration_s:
                        return
                    due = started + request.offset_s
                    # Yields even if late, so that other tasks read their responses.
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    if request.kind == "visit" and not self._summary.tracking:
                        continue
                    await self._slots.acquire()
                    self._summary.sent += 1
                    self._summary.elapsed_s = time.perf_counter() - started
                    in_flight.create_task(self._send(request, due))
        finally:
            self._summary.elapsed_s = time.perf_counter() - started

    async def _send(self, request: SimulatedRequest, due: float) -> None:
        try:
            async with self._session.post(
                self._ingest_url + request.path, data=request.body, headers=request.headers
            ) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError):
            self._summary.errors += 1
        else:
            self._summary.latencies_ms.append((time.perf_counter() - due) * 1000)
            self._count(request, response.status)
        finally:
            self._slots.release()

    def _count(self, request: SimulatedRequest, status: int) -> None:
        summary = self._summary
        if request.kind == "visit" and status == 404:
            # Ingest knows no such tenant, or has no tracking: skip visits from now on.
            summary.tracking = False
            summary.sent -= 1
        elif status >= 500:
            summary.errors += 1
        elif status >= 400:
            summary.rejected += 1
        elif request.kind == "visit":
            summary.visits += 1
        elif status == 200:
            summary.duplicates += 1
        else:
            summary.accepted += 1
