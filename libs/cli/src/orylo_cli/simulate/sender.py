"""Sends the requests when they are due, whether or not earlier ones are answered."""

import asyncio
import time
from collections.abc import Iterator

import aiohttp

from orylo_cli.simulate.requests import Request
from orylo_cli.simulate.summary import SimulateSummary

MAX_IN_FLIGHT = 256
ANSWER_TIMEOUT_S = 30.0


class Sender:
    """An open loop: a slow answer is measured from when the request was due, and delays no other."""

    def __init__(self, session: aiohttp.ClientSession, ingest_url: str, summary: SimulateSummary) -> None:
        self._session = session
        self._ingest_url = ingest_url.rstrip("/")
        self._summary = summary
        self._room = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def send_all(self, requests: Iterator[Request], *, duration_s: float | None) -> None:
        started = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as in_flight:
                for request in requests:
                    if duration_s is not None and request.offset_s >= duration_s:
                        return
                    due = started + request.offset_s
                    # Sleeps even when late, so that the answers are read.
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    if request.kind == "visit" and not self._summary.tracking:
                        continue
                    await self._room.acquire()
                    self._summary.sent += 1
                    self._summary.elapsed_s = time.perf_counter() - started
                    in_flight.create_task(self._send(request, due))
        finally:
            self._summary.elapsed_s = time.perf_counter() - started

    async def _send(self, request: Request, due: float) -> None:
        try:
            async with self._session.post(
                self._ingest_url + request.path, data=request.body, headers=request.headers
            ) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            self._summary.errors += 1
        else:
            self._summary.latencies_ms.append((time.perf_counter() - due) * 1000)
            self._count(request, answer.status)
        finally:
            self._room.release()

    def _count(self, request: Request, status: int) -> None:
        summary = self._summary
        if request.kind == "visit" and status == 404:
            # The tenant's tracking is not there: the visits are left out from here on.
            summary.tracking = False
            summary.sent -= 1
        elif status >= 500:
            summary.errors += 1
        elif status >= 400:
            summary.refused += 1
        elif request.kind == "visit":
            summary.visits += 1
        elif status == 200:
            summary.duplicates += 1
        else:
            summary.accepted += 1
