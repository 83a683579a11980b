"""A customer that is one person with others has the history of all of them."""

from collections.abc import AsyncIterator
from itertools import permutations
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.control.lists.entries import NewEntry, add_entry
from orylo_common.control.lists.values import EntryType
from orylo_common.control.tenants import create_tenant
from orylo_common.messages import CustomerMerged, CustomerUnmerged, DisputeOpened, TrustStatus
from orylo_common.postgres.pool import open_pool
from orylo_detector import deadline
from orylo_detector.store.history import PostgresHistory
from orylo_detector.store.learning import copy_people
from tests.integration.detector.test_store import customer, decide, learn, trust, trust_updated
from tests.support.actors import ACTOR
from tests.unit.detector.cases import NOW, payment

pytestmark = pytest.mark.integration

PEOPLE = ("cus_1", "cus_2")


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_detector") as pool:
        yield pool


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the deadline: on a machine that stalls no answer may be late."""
    monkeypatch.setattr(deadline, "SLICE_S", 15)


def merged(tenant_id: UUID, customer_id: str, version: int) -> CustomerMerged:
    return CustomerMerged(
        message_id=uuid4(),
        tenant_id=tenant_id,
        correlation_id=uuid4(),
        occurred_at=NOW,
        customer_id=customer_id,
        version=version,
        people=PEOPLE,
    )


def unmerged(tenant_id: UUID, customer_id: str, version: int) -> CustomerUnmerged:
    fields = merged(tenant_id, customer_id, version).model_dump(exclude={"type", "people"})
    return CustomerUnmerged.model_validate(fields)


async def copy(pool: asyncpg.Pool, *changes: CustomerMerged | CustomerUnmerged) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await copy_people(connection, changes)


async def test_history_trust_and_lists_are_those_of_the_person(pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    for customer_id, amount in (("cus_1", 100), ("cus_2", 100), ("cus_2", 5000)):
        await decide(pool, payment(tenant_id=tenant_id, customer_id=customer_id, amount_minor=amount))
    disputed = payment(tenant_id=tenant_id, customer_id="cus_2").model_dump(exclude={"type"})
    await learn(pool, DisputeOpened.model_validate({**disputed, "dispute_id": "dp_1"}))
    await trust(pool, trust_updated(tenant_id, 4, 7, TrustStatus.BLOCKED))
    await copy(pool, *(merged(tenant_id, each, 1) for each in PEOPLE))

    for customer_id in PEOPLE:
        known = await customer(pool, tenant_id, customer_id)
        assert known is not None
        assert (known.payments, known.disputes, known.first_paid_at) == (3, 1, NOW)
        assert (known.trust_score, known.status) == (7, TrustStatus.BLOCKED)
    one, two = await PostgresHistory(pool).read(
        [payment(tenant_id=tenant_id, customer_id=customer_id) for customer_id in PEOPLE]
    )
    assert one.amounts == two.amounts
    assert one.amounts is not None
    assert one.amounts["customer"].payments == 3

    await copy(pool, *(unmerged(tenant_id, each, 2) for each in PEOPLE))
    known = await customer(pool, tenant_id, "cus_2")
    assert known is not None
    assert (known.payments, known.disputes, known.trust_score, known.status) == (2, 1, None, TrustStatus.NEUTRAL)


async def test_the_newest_change_counts_in_any_order(pool: asyncpg.Pool) -> None:
    for order in permutations((1, 2, 3)):
        tenant_id = uuid4()
        await decide(pool, payment(tenant_id=tenant_id, customer_id="cus_2"))
        changes = {version: merged(tenant_id, "cus_1", version) for version in (1, 3)} | {
            2: unmerged(tenant_id, "cus_1", 2)
        }
        for version in (*order, *order):
            await copy(pool, changes[version])
        known = await customer(pool, tenant_id, "cus_1")
        assert known is not None
        assert known.payments == 1


async def test_a_list_entry_of_a_customer_applies_to_the_person(pool: asyncpg.Pool, postgres_dsn: str) -> None:
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as owner, owner.acquire() as connection:
        tenant_id = (await create_tenant(connection, f"loja-{uuid4().hex}", actor=ACTOR)).id
        entry = NewEntry("block", EntryType.CUSTOMER, "cus_1", "because", None)
        async with connection.transaction():
            await add_entry(connection, tenant_id, entry, actor=ACTOR)

    async def lists(customer_id: str) -> list[str]:
        [known] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id, customer_id=customer_id)])
        return [hit.list for hit in known.listed]

    assert [await lists("cus_1"), await lists("cus_2")] == [["block"], []]
    await copy(pool, *(merged(tenant_id, each, 1) for each in PEOPLE))
    assert [await lists("cus_1"), await lists("cus_2")] == [["block"], ["block"]]
    await copy(pool, *(unmerged(tenant_id, each, 2) for each in PEOPLE))
    assert [await lists("cus_1"), await lists("cus_2")] == [["block"], []]
