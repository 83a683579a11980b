from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_common.postgres.pool import open_pool
from orylo_dispatch.delivery.history import read_history
from tests.integration.dispatch.running import Dispatch, Shop, open_shop, running_dispatch
from tests.support.fake_meta import fake_meta

__all__ = ["fake_meta"]

DATASET = "1234567890"


async def read_attempts(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """Return the attempts of all deliveries, each delivery's oldest first."""
    attempts = []
    for tenant_id, delivery_id in await pool.fetch("SELECT tenant_id, delivery_id FROM dispatch.deliveries"):
        history = await read_history(pool, tenant_id, delivery_id)
        assert history
        attempts += reversed(history.attempts)
    return attempts


@pytest.fixture
async def admin(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Empty the tables afterwards."""
    async with open_pool(postgres_dsn, role="postgres", max_size=2) as pool:
        yield pool
        await pool.execute(
            "TRUNCATE control.tenants, dispatch.clicks, dispatch.click_days, dispatch.decisions, dispatch.deliveries,"
            " dispatch.attempts, dispatch.reversals, dispatch.enrichments, dispatch.destination_states,"
            " dispatch.outbox, dispatch.destination_tokens,"
            " dispatch.provider_actions, dispatch.action_decisions, control.audit_log CASCADE"
        )


@pytest.fixture
async def shop(admin: asyncpg.Pool) -> Shop:
    return await open_shop(admin, "loja", DATASET)


@pytest.fixture
async def dispatch(postgres_dsn: str, fake_meta: FakeMeta, shop: Shop) -> AsyncIterator[Dispatch]:
    async with running_dispatch(postgres_dsn, fake_meta) as replica:
        yield replica
