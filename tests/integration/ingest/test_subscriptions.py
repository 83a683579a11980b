"""A subscription's charge on a real PostgreSQL: its events arrive together in any order, and one is published."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations

import orjson
import pytest

from tests.integration.ingest.running import Ingest, running_ingest
from tests.unit.ingest.gateways.test_stripe_invoices import bought

pytestmark = pytest.mark.integration


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest


async def published(ingest: Ingest) -> int:
    count: int = await ingest.pool.fetchval("SELECT count(*) FROM ingest.events WHERE status = 'published'")
    return count


async def test_events_in_every_order_are_published_once(ingest: Ingest) -> None:
    orders = list(permutations(("intent", "charge", "invoice", "session")))
    for number, order in enumerate(orders):
        events = bought(number, customer=f"cus_{number}")
        for name in order:
            assert (await ingest.stripe(orjson.dumps(events[name]))).status == 202
        assert await published(ingest) == number + 1, order


async def test_events_at_once_are_published_once(ingest: Ingest) -> None:
    sales = [bought(number, customer=f"cus_{number}") for number in range(50)]
    bodies = [orjson.dumps(event) for sale in sales for event in sale.values()]
    answers = await asyncio.gather(*(ingest.stripe(body) for body in bodies))
    assert {answer.status for answer in answers} == {202}
    assert await published(ingest) == len(sales)
