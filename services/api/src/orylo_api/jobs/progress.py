"""`job.progress` events of the stream."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import asyncpg

from orylo_api.jobs.queries import job_of
from orylo_api.read_models.stream_events import ADD_STREAM_EVENTS, encode_event


class ProgressStream:
    """Sends jobs to the open streams of their tenants, two events of one job at least `apart`."""

    def __init__(self, pool: asyncpg.Pool, apart: timedelta) -> None:
        self._pool = pool
        self._apart_s = apart.total_seconds()
        # The last event of each running job, and its time.
        self._sent: dict[UUID, tuple[float, bytes]] = {}

    async def send_changed(self, rows: Iterable[asyncpg.Record]) -> None:
        """Send those that differ from their last event, unless that was just now."""
        now, changed = asyncio.get_running_loop().time(), []
        for row in rows:
            sent_at, sent = self._sent.get(row["id"], (float("-inf"), b""))
            event = _event(row)
            if event != sent and now - sent_at >= self._apart_s:
                self._sent[row["id"]] = (now, event)
                changed.append((row["tenant_id"], event))
        if changed:
            await self._write(changed)

    async def send_last(self, row: asyncpg.Record) -> None:
        """Send a job that has ended, once its last event is long enough ago."""
        sent_at, _ = self._sent.pop(row["id"], (float("-inf"), b""))
        await asyncio.sleep(max(0.0, sent_at + self._apart_s - asyncio.get_running_loop().time()))
        await self._write([(row["tenant_id"], _event(row))])

    async def _write(self, events: list[tuple[UUID, bytes]]) -> None:
        await self._pool.execute(
            ADD_STREAM_EVENTS, [tenant_id for tenant_id, _ in events], [event for _, event in events]
        )


def _event(row: asyncpg.Record) -> bytes:
    return encode_event(b"job.progress", job_of(row).model_dump(mode="json"))
