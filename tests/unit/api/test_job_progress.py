"""The pace of a job's events on the stream."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson
import pytest

from orylo_api.jobs.progress import ProgressStream
from tests.unit.api.builders import NOON, TENANT


class WrittenEvents:
    """Keeps the events that would be written, with the time of the loop."""

    def __init__(self) -> None:
        self.events: list[tuple[float, dict[str, Any]]] = []

    async def execute(self, statement: str, tenants: list[UUID], events: list[bytes]) -> None:
        assert "add_stream_events" in statement
        assert tenants == [TENANT] * len(events)
        for event in events:
            name, _, data = event.partition(b"\n")
            assert name == b"job.progress"
            self.events.append((asyncio.get_running_loop().time(), orjson.loads(data)))


def row(done: int, state: str = "running") -> asyncpg.Record:
    ended = datetime.now(UTC) if state == "done" else None
    values = {
        "tenant_id": TENANT, "id": UUID(int=1), "kind": "test", "state": state, "done": done, "total": 9, "counts": {},
        "error": None, "result": None, "result_until": None, "actor": "ana@example.com", "cancel_requested_at": None,
        "created_at": NOON, "started_at": NOON, "finished_at": ended,
    }  # fmt: skip
    return cast("asyncpg.Record", values)


@pytest.fixture
def written() -> WrittenEvents:
    return WrittenEvents()


async def test_progress_is_sent_when_it_changes_and_not_too_often(written: WrittenEvents) -> None:
    stream = ProgressStream(cast("asyncpg.Pool", written), timedelta(milliseconds=60))
    for done in (1, 2, 3):
        await stream.send_changed([row(done)])
    assert [data["done"] for _, data in written.events] == [1]
    await asyncio.sleep(0.07)
    await stream.send_changed([row(3)])
    await asyncio.sleep(0.07)
    await stream.send_changed([row(3)])
    assert [data["done"] for _, data in written.events] == [1, 3]


async def test_the_last_event_waits_for_its_turn(written: WrittenEvents) -> None:
    stream = ProgressStream(cast("asyncpg.Pool", written), timedelta(milliseconds=60))
    await stream.send_changed([row(8)])
    await stream.send_last(row(9, "done"))
    (first, _), (last, data) = written.events
    assert (data["state"], data["done"]) == ("done", 9)
    assert last - first >= 0.06
