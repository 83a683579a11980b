"""Lists in effect: on the next payment, on every replica, however slow the database is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from orylo_common.control.document_key import DocumentKey
from orylo_common.control.lists.additions import Addition, add_entries
from orylo_common.control.lists.entries import ListEntry, NewEntry, add_entry, change_entry, remove_entry
from orylo_common.control.lists.imports import read_page
from orylo_common.control.lists.values import EntryType, entry_value
from orylo_common.control.tenants import create_tenant
from orylo_common.hashing import hash_of
from orylo_common.ids import uuid7
from orylo_common.messages import Decision, DetectionCreated, PaymentEnriched
from orylo_common.postgres.pool import open_pool
from orylo_detector import app, deadline
from orylo_detector.domain.lists import ListHit
from orylo_detector.engine import Engine
from orylo_detector.store.history import PostgresHistory
from tests.integration.detector.test_app import detections, detector
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.unit.detector.cases import payment

pytestmark = pytest.mark.integration

KEY = DocumentKey(b"k" * 32)
PAYING = {
    "customer_id": "cus_9f86d081884c7d659a2feaa0c55ad015",
    "match_keys": {"email": hash_of("ana@example.com")},
    "customer_flags": {"email_domain_hash": hash_of("example.com")},
    "document_hash": KEY.hash_of(hash_of("11144477735")),
    "tracking": {"fbp": "fb.1.1732127300000.1098115397"},
    "card": {"fingerprint": "fp_listed", "country": "BR", "bin": "42424299"},
    "ip": "203.0.113.7",
}
# By type: what a person enters for this payment, and for another.
ENTERED = {
    EntryType.CUSTOMER: (["cus_9f86d081884c7d659a2feaa0c55ad015"], "cus_other"),
    EntryType.EMAIL: (["Ana@Example.com", hash_of("ana@example.com")], "bob@example.com"),
    EntryType.EMAIL_DOMAIN: (["example.com", "@EXAMPLE.com"], "mail.example.com"),
    EntryType.DOCUMENT: (["111.444.777-35", "11144477735"], "529.982.247-25"),
    EntryType.DEVICE: (["fb.1.1732127300000.1098115397"], "fb.1.1732127300000.1"),
    EntryType.CARD: (["fp_listed"], "fp_other"),
    EntryType.CARD_COUNTRY: (["br"], "PT"),
    EntryType.BIN: (["424242", "4242429", "42424299"], "424243"),
    EntryType.IP: (["203.0.113.7", "203.0.113.0/24", "203.0.0.0/8", "::ffff:203.0.113.0/120"], "203.0.113.8"),
}


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the deadlines: on a machine that stalls no detector and no feature may be late."""
    monkeypatch.setattr(app, "Engine", partial(Engine, time_limit=timedelta(minutes=1)))
    monkeypatch.setattr(deadline, "SLICE_S", 15)


@pytest.fixture
async def owner(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres") as pool:
        yield pool


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_detector") as pool:
        yield pool


async def new_tenant(owner: asyncpg.Pool) -> UUID:
    async with owner.acquire() as connection:
        return (await create_tenant(connection, f"loja-{uuid7().hex}", actor=ACTOR)).id


@pytest.fixture
async def tenant_id(owner: asyncpg.Pool) -> UUID:
    return await new_tenant(owner)


async def put(
    owner: asyncpg.Pool, tenant_id: UUID, name: str, kind: EntryType, text: str, *, ends: datetime | None = None
) -> ListEntry:
    new = NewEntry(name, kind, entry_value(kind, text, KEY), "because", ends)
    async with owner.acquire() as connection, connection.transaction():
        return await add_entry(connection, tenant_id, new, actor=ACTOR)


async def listed(pool: asyncpg.Pool, tenant_id: UUID, **changes: Any) -> list[ListHit]:
    [known] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id, **{**PAYING, **changes})])
    return sorted(known.listed)


@pytest.mark.parametrize("kind", EntryType)
async def test_a_payment_is_on_the_lists_of_each_of_its_identifiers_and_on_no_others(
    owner: asyncpg.Pool, pool: asyncpg.Pool, tenant_id: UUID, kind: EntryType
) -> None:
    matching, another = ENTERED[kind]
    await put(owner, tenant_id, "block", kind, another)
    await put(owner, await new_tenant(owner), "block", kind, matching[0])
    assert await listed(pool, tenant_id) == []

    for number, text in enumerate(matching):
        await put(owner, tenant_id, f"list-{number}", kind, text)
    assert [hit.list for hit in await listed(pool, tenant_id)] == [f"list-{number}" for number in range(len(matching))]


@pytest.mark.parametrize(
    ("network", "address", "length"),
    [
        ("2001:db8::/48", "2001:db8:0:1::7", 48),
        ("2001:db8::7", "2001:db8::7", 128),
        ("203.0.113.0/25", "203.0.113.127", 25),
        ("203.0.113.0/25", "203.0.113.128", None),
        ("2001:db8::/48", "203.0.113.7", None),
    ],
)
async def test_an_address_is_on_the_list_of_its_networks(
    owner: asyncpg.Pool, pool: asyncpg.Pool, tenant_id: UUID, network: str, address: str, length: int | None
) -> None:
    await put(owner, tenant_id, "block", EntryType.IP, network)

    expected = [] if length is None else [ListHit("block", EntryType.IP, length)]
    assert await listed(pool, tenant_id, ip=address) == expected


async def test_an_entry_ends_by_its_expiry_and_at_once_when_it_is_removed(
    owner: asyncpg.Pool, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    address = await put(owner, tenant_id, "block", EntryType.IP, "203.0.113.7", ends=soon)
    await put(owner, tenant_id, "block", EntryType.CARD, "fp_listed", ends=soon)
    assert len(await listed(pool, tenant_id)) == 2
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.1)
    assert await listed(pool, tenant_id) == []

    async with owner.acquire() as connection:
        await change_entry(connection, tenant_id, address.id, reason="again", expires_at=None, actor=ACTOR)
        assert len(await listed(pool, tenant_id)) == 1
        await remove_entry(connection, tenant_id, address.id, actor=ACTOR)
    assert await listed(pool, tenant_id) == []


async def test_payments_of_one_batch_have_their_own_entries(
    owner: asyncpg.Pool, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    other_tenant = await new_tenant(owner)
    await put(owner, tenant_id, "block", EntryType.CARD, "fp_listed")
    await put(owner, other_tenant, "allow", EntryType.CARD, "fp_listed")
    batch = [
        payment(tenant_id=tenant, card={"fingerprint": card})
        for tenant, card in ((tenant_id, "fp_listed"), (other_tenant, "fp_listed"), (tenant_id, "fp_other"))
    ]
    known = await PostgresHistory(pool).read(batch)

    assert [[hit.list for hit in each.listed] for each in known] == [["block"], ["allow"], []]


async def test_a_slow_database_does_not_ignore_a_list(
    owner: asyncpg.Pool, pool: asyncpg.Pool, postgres_dsn: str, tenant_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(owner, tenant_id, "block", EntryType.EMAIL, "ana@example.com")
    busy = await asyncpg.connect(postgres_dsn)
    monkeypatch.setattr(deadline, "SLICE_S", 0.025)
    # First only the statement with a deadline is slow, then also the one without.
    for table in ("detector.amounts", "control.list_entries"):
        lock = busy.transaction()
        await lock.start()
        await busy.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        reading = asyncio.create_task(listed(pool, tenant_id))
        if table == "control.list_entries":
            await asyncio.sleep(0.5)
            assert not reading.done()
            await lock.rollback()
        assert [hit.list for hit in await reading] == ["block"]
        if table == "detector.amounts":
            await lock.rollback()
    await busy.close()


async def pay(broker: MemoryBroker, tenant_id: UUID) -> DetectionCreated:
    fact = payment(tenant_id=tenant_id, **PAYING)
    await broker.send(fact)
    await eventually(lambda: any(each.event_id == fact.event_id for each in detections(broker)))
    return next(each for each in detections(broker) if each.event_id == fact.event_id)


async def test_the_next_payment_obeys_the_lists_on_two_replicas_at_once(
    owner: asyncpg.Pool, postgres_dsn: str, redis_url: str, tenant_id: UUID
) -> None:
    async with detector(postgres_dsn, redis_url) as one, detector(postgres_dsn, redis_url) as two:
        assert {(await pay(each, tenant_id)).override for each in (one, two)} == {None}

        domain = await put(owner, tenant_id, "block", EntryType.EMAIL_DOMAIN, "example.com")
        first = [await pay(each, tenant_id) for each in (one, two)]
        await put(owner, tenant_id, "allow", EntryType.EMAIL, "ana@example.com")
        second = [await pay(each, tenant_id) for each in (one, two)]
        async with owner.acquire() as connection:
            await remove_entry(connection, tenant_id, domain.id, actor=ACTOR)
        await put(owner, tenant_id, "block", EntryType.CARD, "fp_listed")
        third = [await pay(each, tenant_id) for each in (one, two)]

    expected = [
        (Decision.BLOCK, "block_list.email_domain"),
        (Decision.ALLOW, "allow_list.email"),
        (Decision.BLOCK, "block_list.card"),
    ]
    for step, decision in zip((first, second, third), expected, strict=True):
        assert [(each.decision, each.override) for each in step] == [decision] * 2
    text = "".join(each.model_dump_json() for each in [*first, *second, *third])
    assert not [value for value in ("example.com", hash_of("example.com"), "203.0.113.7") if value in text]


async def test_a_later_event_that_names_a_listed_buyer_changes_the_decision(
    owner: asyncpg.Pool, postgres_dsn: str, redis_url: str, tenant_id: UUID
) -> None:
    """The lists are looked up by all facts of the payment, also by those of earlier events."""
    await put(owner, tenant_id, "block", EntryType.DOCUMENT, "111.444.777-35")
    await put(owner, tenant_id, "allow", EntryType.CARD_COUNTRY, "BR")
    about = {"tenant_id": tenant_id, "payment_id": "stripe:pi_listed", "customer_id": None}
    first = payment(**about, card={"country": "BR"}, ip=None)
    later = payment(PaymentEnriched, **about, card=None, ip=None, document_hash=PAYING["document_hash"])
    async with detector(postgres_dsn, redis_url) as broker:
        await broker.send(first)
        await eventually(lambda: len(detections(broker)) == 1)
        await broker.send(later)
        await eventually(lambda: len(detections(broker)) == 2)

    assert [each.override for each in detections(broker)] == [
        "allow_list.card_country",
        "block_list.document",
    ]


async def test_a_service_adds_an_entry_once_and_keeps_a_persons(
    owner: asyncpg.Pool, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    kept = await put(owner, tenant_id, "vip", EntryType.CARD, "fp_listed")
    past = datetime.now(UTC) - timedelta(seconds=1)
    await put(owner, tenant_id, "vip", EntryType.CUSTOMER, "cus_ended", ends=past)
    found = [
        Addition(tenant, NewEntry("vip", kind, value, "found"), "rule:regulars")
        for tenant in (tenant_id, uuid7())
        for kind, value in (
            (EntryType.CARD, "fp_listed"),
            (EntryType.IP, "203.0.113.7"),
            (EntryType.IP, "203.0.113.7"),
            (EntryType.CUSTOMER, "cus_ended"),
        )
    ]
    async with pool.acquire() as one, pool.acquire() as two:
        await asyncio.gather(add_entries(one, found), add_entries(two, found[::-1]))
        await add_entries(one, [])

    async with owner.acquire() as connection:
        entries = await read_page(connection, tenant_id)
    assert {(each.type.value, each.added_by) for each in entries} == {
        ("card", kept.added_by),
        ("ip", "rule:regulars"),
        ("customer", "rule:regulars"),
    }
    assert len(entries) == 3
    assert [hit.type for hit in await listed(pool, tenant_id)] == [EntryType.CARD, EntryType.IP]
