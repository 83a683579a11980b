"""Webhooks that wait for PostgreSQL."""

import asyncio
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

import pytest

from orylo_common.postgres.group_commit import GroupCommit, Overloaded
from orylo_ingest.webhooks.record import Record
from orylo_ingest.webhooks.store import EventStore, WriteOutcome


@dataclass
class Waiting:
    """Batches that are committed when the test says so."""

    writes: list[asyncio.Future[WriteOutcome]] = field(default_factory=list)

    def add(self, _: Record) -> asyncio.Future[WriteOutcome]:
        self.writes.append(asyncio.get_running_loop().create_future())
        return self.writes[-1]


@dataclass(frozen=True)
class RecordOf:
    tenant_id: UUID


def record(tenant: int) -> Record:
    return cast(Record, RecordOf(UUID(int=tenant)))


async def test_the_burst_of_a_tenant_leaves_room_to_others() -> None:
    batches = Waiting()
    store = EventStore(cast(GroupCommit[Record, WriteOutcome], batches), 2)
    accepted = [store.add(record(1)), store.add(record(1))]

    with pytest.raises(Overloaded):
        store.add(record(1))
    store.add(record(2))

    for write in batches.writes:
        write.set_result(WriteOutcome.ACCEPTED)
    await asyncio.gather(*accepted)
    await asyncio.sleep(0)
    assert store.add(record(1))
