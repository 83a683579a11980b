"""When a secret was last used is written soon for the first use, and seldom for later ones."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from orylo_common.ids import uuid7
from orylo_ingest.webhooks import secret_use
from orylo_ingest.webhooks.secret_use import SecretUse
from tests.support.eventually import eventually

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class FakePool:
    def __init__(self) -> None:
        self.written: list[dict[UUID, datetime]] = []

    async def execute(self, _query: str, ids: list[UUID], times: list[datetime]) -> None:
        self.written.append(dict(zip(ids, times, strict=True)))


async def test_the_first_use_of_a_second_secret_does_not_wait_for_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_use, "CHECK_EVERY", timedelta(milliseconds=5))
    pool, old, new, later = FakePool(), uuid7(), uuid7(), NOW + timedelta(seconds=5)

    async with SecretUse.open(cast("asyncpg.Pool[Any]", pool)) as use:
        use.note(old, NOW)
        await eventually(lambda: pool.written == [{old: NOW}])
        use.note(old, later)
        use.note(new, later)
        await eventually(lambda: len(pool.written) == 2)
        use.note(new, later + timedelta(seconds=1))

    # The last one is written on exit.
    assert pool.written[1:] == [{old: later, new: later}, {new: later + timedelta(seconds=1)}]
