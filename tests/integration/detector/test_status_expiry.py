"""A status that ends is over for the next decision, whether or not the trust service has announced it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from orylo_common.messages import TrustStatus
from orylo_common.postgres.pool import open_pool
from tests.integration.detector.test_store import customer, trust, trust_updated

pytestmark = pytest.mark.integration


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_detector") as pool:
        yield pool


@pytest.mark.parametrize(
    ("ends_in", "expected"),
    [(None, TrustStatus.BLOCKED), (timedelta(hours=1), TrustStatus.BLOCKED), (timedelta(0), TrustStatus.NEUTRAL)],
)
async def test_a_status_ends_when_it_is_due(
    pool: asyncpg.Pool, ends_in: timedelta | None, expected: TrustStatus
) -> None:
    tenant_id = uuid4()
    update = trust_updated(tenant_id, 1, 50, TrustStatus.BLOCKED)
    ends_at = None if ends_in is None else datetime.now(UTC) + ends_in
    await trust(pool, update.model_copy(update={"status_expires_at": ends_at}))

    known = await customer(pool, tenant_id)
    assert known is not None
    assert known.status is expected


async def test_a_newer_change_replaces_the_end(pool: asyncpg.Pool) -> None:
    tenant_id, past = uuid4(), datetime.now(UTC) - timedelta(hours=1)
    ended = trust_updated(tenant_id, 1, 50, TrustStatus.BLOCKED).model_copy(update={"status_expires_at": past})
    await trust(pool, trust_updated(tenant_id, 2, 50, TrustStatus.BLOCKED))
    await trust(pool, ended)

    known = await customer(pool, tenant_id)
    assert known is not None
    assert known.status is TrustStatus.BLOCKED
