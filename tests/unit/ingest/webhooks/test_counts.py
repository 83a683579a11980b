"""Counts of webhooks survive a write that fails."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from orylo_ingest.webhooks import counts as module
from orylo_ingest.webhooks.counts import ADD_COUNTS, ADD_REPEATS, WebhookCounts

TENANT, EVENT = UUID(int=1), UUID(int=2)
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


class FlakyPool:
    """Records the rows of each statement, and fails for the statements in `refused`."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.rows: list[tuple[Any, ...]] = []

    async def execute(self, statement: str, *columns: Sequence[Any]) -> None:
        if statement in self.refused:
            raise OSError("away")
        self.rows += zip(*columns, strict=True)


@pytest.fixture
def pool() -> FlakyPool:
    return FlakyPool()


@pytest.fixture
def counts(pool: FlakyPool) -> WebhookCounts:
    return WebhookCounts(cast(asyncpg.Pool, pool))


async def test_webhooks_of_one_kind_share_a_row(counts: WebhookCounts, pool: FlakyPool) -> None:
    for second in range(3):
        counts.count(TENANT, "stripe", "accepted", AT + timedelta(seconds=second))
    counts.count(TENANT, "stripe", "ignored", AT)
    await counts.write()
    assert pool.rows == [
        (TENANT, "stripe", "accepted", 3, AT + timedelta(seconds=2)),
        (TENANT, "stripe", "ignored", 1, AT),
    ]


@pytest.mark.parametrize("refused", [{ADD_COUNTS}, {ADD_REPEATS}, {ADD_COUNTS, ADD_REPEATS}])
async def test_a_write_that_fails_is_made_up_for_by_the_next(
    counts: WebhookCounts, pool: FlakyPool, refused: set[str]
) -> None:
    later = AT + timedelta(minutes=1)
    counts.count(TENANT, "stripe", "duplicate", AT)
    counts.count_repeat(TENANT, EVENT, AT)
    pool.refused = refused
    with pytest.raises(OSError, match="away"):
        await counts.write()
    counts.count(TENANT, "stripe", "duplicate", later)
    counts.count_repeat(TENANT, EVENT, later)
    pool.refused = set()
    await counts.write()
    await counts.write()
    assert sum(row[3] for row in pool.rows if row[1] == "stripe") == 2
    assert sum(row[2] for row in pool.rows if row[1] == EVENT) == 2


async def test_memory_is_bounded(counts: WebhookCounts, pool: FlakyPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REPEATED", 2)
    for number in range(5):
        counts.count_repeat(TENANT, UUID(int=number), AT)
    counts.count_repeat(TENANT, UUID(int=0), AT)
    await counts.write()
    assert {row[1]: row[2] for row in pool.rows} == {UUID(int=0): 2, UUID(int=1): 1}
