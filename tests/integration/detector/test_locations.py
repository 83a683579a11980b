"""The place of a customer's last payment, as learned and read."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.messages import PaymentCreated
from orylo_common.postgres.pool import open_pool
from orylo_detector import deadline
from orylo_detector.domain.countries import Location
from orylo_detector.domain.known_payment import DecidablePayment
from orylo_detector.store.decisions import record_payments
from orylo_detector.store.history import PostgresHistory
from tests.integration.detector.test_store import decided
from tests.unit.detector.cases import NOW, payment

pytestmark = pytest.mark.integration

Paid = tuple[DecidablePayment, str | None]


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_detector") as pool:
        yield pool


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the deadline: on a machine that stalls no answer may be late."""
    monkeypatch.setattr(deadline, "SLICE_S", 15)


def paid(tenant_id: UUID, at: datetime, country: str | None, **changes: Any) -> Paid:
    return payment(tenant_id=tenant_id, occurred_at=at, **changes), country


async def learn(pool: asyncpg.Pool, *batch: Paid) -> None:
    decisions = [replace(decided(fact), ip_country=country) for fact, country in batch]
    async with pool.acquire() as connection, connection.transaction():
        await record_payments(connection, decisions)


async def last_location(pool: asyncpg.Pool, tenant_id: UUID) -> Location | None:
    [known] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id)])
    assert known.customer is not None
    return known.customer.last_location


async def test_the_place_is_the_newest_payments_in_any_order_and_in_any_batches(pool: asyncpg.Pool) -> None:
    times = [NOW + timedelta(hours=number) for number in range(3)]
    for order in permutations(zip(times, ("BR", "PT", None), strict=True)):
        one_by_one, at_once = uuid4(), uuid4()
        for at, country in order:
            await learn(pool, paid(one_by_one, at, country))
        await learn(pool, *(paid(at_once, at, country) for at, country in order))

        assert await last_location(pool, one_by_one) == await last_location(pool, at_once) == Location(times[1], "PT")


async def test_payments_of_the_same_time_leave_the_same_place_in_any_order(pool: asyncpg.Pool) -> None:
    for order in permutations(("BR", "PT", "US")):
        one_by_one, at_once = uuid4(), uuid4()
        for country in order:
            await learn(pool, paid(one_by_one, NOW, country))
        await learn(pool, *(paid(at_once, NOW, country) for country in order))

        assert await last_location(pool, one_by_one) == await last_location(pool, at_once) == Location(NOW, "US")


async def test_a_payment_that_is_delivered_again_does_not_move_the_customer(pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    first = paid(tenant_id, NOW, "BR", payment_id="stripe:pi_1")
    await learn(pool, first)
    again = paid(tenant_id, NOW + timedelta(hours=1), "PT", payment_id="stripe:pi_1")
    await learn(pool, first, again)

    assert await last_location(pool, tenant_id) == Location(NOW, "BR")


async def test_only_paid_payments_of_the_same_customer_and_tenant_that_are_no_tests_move_a_customer(
    pool: asyncpg.Pool,
) -> None:
    tenant_id = uuid4()
    await learn(
        pool,
        paid(tenant_id, NOW, "PT", test=True),
        paid(tenant_id, NOW, "PT", customer_id="cus_2"),
        paid(tenant_id, NOW, "PT", customer_id=None),
        paid(uuid4(), NOW, "PT"),
        (payment(PaymentCreated, tenant_id=tenant_id), "PT"),
    )

    assert await last_location(pool, tenant_id) is None
