"""Lists in the control plane."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from orylo_common.control import Tenant
from orylo_common.control.errors import InvalidChange
from orylo_common.control.lists import entries as entries_module
from orylo_common.control.lists.csv_files import LineDefaults, entry_line, header_line, read_entries
from orylo_common.control.lists.entries import (
    AlreadyListed,
    ListEntry,
    NewEntry,
    UnknownEntry,
    add_entry,
    change_entry,
    count_by_list,
    find_by_value,
    find_entry,
    remove_entry,
)
from orylo_common.control.lists.imports import ImportResult, import_entries, read_page
from orylo_common.control.lists.values import EntryType
from orylo_common.control.tenants import create_tenant
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import open_pool
from tests.support.actors import ACTOR

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
DEFAULTS = LineDefaults(list="block", reason="imported")


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres") as pool:
        yield pool


async def new_tenant(pool: asyncpg.Pool) -> Tenant:
    async with pool.acquire() as connection:
        return await create_tenant(connection, f"loja-{uuid7().hex}", actor=ACTOR)


@pytest.fixture
async def tenant(pool: asyncpg.Pool) -> Tenant:
    return await new_tenant(pool)


async def add(pool: asyncpg.Pool, tenant: Tenant, *values: Any, **changes: Any) -> ListEntry:
    new = NewEntry(*values, **{"reason": "because", **changes})
    async with pool.acquire() as connection, connection.transaction():
        return await add_entry(connection, tenant.id, new, actor=ACTOR)


async def load(pool: asyncpg.Pool, tenant: Tenant, text: str, **changes: Any) -> ImportResult:
    read = read_entries(BytesIO(text.encode()), DEFAULTS)
    async with pool.acquire() as connection, connection.transaction():
        return await import_entries(connection, tenant.id, read, actor=ACTOR, now=NOW, **changes)


async def all_entries(pool: asyncpg.Pool, tenant: Tenant, **filters: Any) -> list[ListEntry]:
    found: list[ListEntry] = []
    async with pool.acquire() as connection:
        while page := await read_page(connection, tenant.id, after=found[-1] if found else None, **filters):
            found += page
    return found


async def audited(pool: asyncpg.Pool, tenant: Tenant) -> list[tuple[str, Any, Any]]:
    rows = await pool.fetch(
        "SELECT action, before, after FROM control.audit_log WHERE tenant_id = $1 AND action LIKE 'list.%' ORDER BY id",
        tenant.id,
    )
    return [(row["action"], row["before"], row["after"]) for row in rows]


async def test_an_entry_is_added_changed_and_removed_with_a_line_in_the_audit_log(
    pool: asyncpg.Pool, tenant: Tenant
) -> None:
    entry = await add(pool, tenant, "block", EntryType.EMAIL, "ab" * 32)
    async with pool.acquire() as connection:
        found = await find_entry(connection, tenant.id, entry.id)
        ends = NOW + timedelta(days=1)
        changed = await change_entry(connection, tenant.id, entry.id, reason="new", expires_at=ends, actor=ACTOR)
        await remove_entry(connection, tenant.id, entry.id, actor=ACTOR)
        with pytest.raises(UnknownEntry):
            await remove_entry(connection, tenant.id, entry.id, actor=ACTOR)

    assert found == entry
    assert (entry.value, entry.added_by, entry.expires_at) == (f"sha256:{'ab' * 32}", ACTOR.name, None)
    assert (changed.reason, changed.expires_at, changed.created_at) == ("new", ends, entry.created_at)
    shown = {"list": "block", "type": "email", "value": entry.value, "reason": "because", "expires_at": None}
    later = shown | {"reason": "new", "expires_at": ends.isoformat()}
    assert await audited(pool, tenant) == [
        ("list.add", None, shown),
        ("list.change", shown, later),
        ("list.remove", later, None),
    ]


async def test_a_value_is_on_a_list_once_until_it_expires(pool: asyncpg.Pool, tenant: Tenant) -> None:
    first = await add(pool, tenant, "block", EntryType.BIN, "424242", expires_at=NOW - timedelta(seconds=1))
    second = await add(pool, tenant, "block", EntryType.BIN, "424242")
    with pytest.raises(AlreadyListed):
        await add(pool, tenant, "block", EntryType.BIN, "424242")
    await add(pool, tenant, "allow", EntryType.BIN, "424242")
    await add(pool, await new_tenant(pool), "block", EntryType.BIN, "424242")

    assert first.id != second.id
    assert {entry.list for entry in await all_entries(pool, tenant)} == {"block", "allow"}


@pytest.mark.parametrize(
    ("entry_type", "stored", "asked"),
    [
        (EntryType.IP, ["203.0.113.7", "203.0.113.0/24", "203.0.0.0/8"], "203.0.113.7"),
        (EntryType.IP, ["2001:db8::/48", "2001:db8::1"], "2001:db8::1"),
        (EntryType.BIN, ["424242", "42424242"], "42424242"),
        (EntryType.CARD_COUNTRY, ["BR"], "BR"),
    ],
)
async def test_a_value_is_found_on_every_entry_that_covers_it(
    pool: asyncpg.Pool, tenant: Tenant, entry_type: EntryType, stored: list[str], asked: str
) -> None:
    for value in stored:
        await add(pool, tenant, "vip", entry_type, value)
    await add(pool, tenant, "vip", EntryType.IP, "198.51.100.0/24")
    await add(pool, tenant, "vip", EntryType.BIN, "424243")
    await add(pool, tenant, "old", entry_type, stored[0], expires_at=NOW - timedelta(seconds=1))

    async with pool.acquire() as connection:
        found = await find_by_value(connection, tenant.id, entry_type, asked)
    assert sorted((entry.list, entry.value) for entry in found) == sorted(("vip", value) for value in stored)


async def test_the_lists_are_counted_without_what_has_expired(pool: asyncpg.Pool, tenant: Tenant) -> None:
    async with pool.acquire() as connection:
        assert await count_by_list(connection, tenant.id) == {"block": {}, "allow": {}}
    await add(pool, tenant, "vip", EntryType.BIN, "424242")
    await add(pool, tenant, "block", EntryType.BIN, "424242")
    await add(pool, tenant, "block", EntryType.BIN, "424243", expires_at=NOW - timedelta(seconds=1))

    async with pool.acquire() as connection:
        assert await count_by_list(connection, tenant.id) == {"block": {"bin": 1}, "allow": {}, "vip": {"bin": 1}}


async def test_an_import_adds_changes_and_counts(pool: asyncpg.Pool, tenant: Tenant) -> None:
    await add(pool, tenant, "block", EntryType.BIN, "424242")
    await add(pool, tenant, "block", EntryType.BIN, "424243", reason="imported")
    lines = ["424242", "424243", "424244", "424244"]
    past = (NOW - timedelta(days=1)).isoformat()
    text = "type,value,expires_at\n" + "".join(f"bin,{value},\n" for value in lines) + f"bin,424245,{past}\n"

    counts = ImportResult(added=1, changed=1, unchanged=2, expired=1)
    assert await load(pool, tenant, text, dry_run=True) == counts
    assert {entry.reason for entry in await all_entries(pool, tenant)} == {"because", "imported"}
    assert await load(pool, tenant, text) == ImportResult(added=1, changed=1, unchanged=2, expired=1, stored=True)
    # Again, as after a reply that was lost.
    assert await load(pool, tenant, text) == ImportResult(unchanged=4, expired=1, stored=True)
    assert sorted(entry.value for entry in await all_entries(pool, tenant)) == ["424242", "424243", "424244"]
    last = (await audited(pool, tenant))[-2]
    assert last == ("list.import", None, {"added": 1, "changed": 1, "unchanged": 2, "lines": {"block": 4}})


async def test_one_faulty_line_keeps_a_whole_file_out(pool: asyncpg.Pool, tenant: Tenant) -> None:
    text = "type,value\n" + "".join(f"customer,cus_{number}\n" for number in range(1500)) + "bin,x\n"
    result = await load(pool, tenant, text)

    assert [(problem.line, problem.column) for problem in result.problems] == [(1502, "value")]
    assert (result.stored, result.invalid) == (False, 1)
    assert await all_entries(pool, tenant) == []
    assert await audited(pool, tenant) == []


async def test_an_import_that_dies_half_way_leaves_nothing_and_can_be_repeated(
    pool: asyncpg.Pool, tenant: Tenant
) -> None:
    text = "type,value\n" + "".join(f"customer,cus_{number}\n" for number in range(3000))
    async with pool.acquire() as connection:

        def cut(read: Iterator[Any]) -> Iterator[Any]:
            for number, line in enumerate(read):
                if number == 2500:
                    connection.terminate()
                yield line

        read = cut(read_entries(BytesIO(text.encode()), DEFAULTS))
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await import_entries(connection, tenant.id, read, actor=ACTOR, now=NOW)

    assert await all_entries(pool, tenant) == []
    assert (await load(pool, tenant, text)).added == 3000
    assert len(await all_entries(pool, tenant)) == 3000


async def test_two_imports_of_the_same_entries_in_opposite_orders_both_end(pool: asyncpg.Pool, tenant: Tenant) -> None:
    lines = [f"customer,cus_{number}\n" for number in range(2500)]
    forth, back = ("type,value\n" + "".join(order) for order in (lines, reversed(lines)))
    results = await asyncio.gather(load(pool, tenant, forth), load(pool, tenant, back))

    assert sorted(result.added for result in results) == [0, 2500]


async def test_a_tenant_cannot_have_more_entries_than_the_limit(
    pool: asyncpg.Pool, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries_module, "MAX_ENTRIES", 3)
    await load(pool, tenant, "type,value\nbin,424242\nbin,424243\nbin,424244\n")
    with pytest.raises(InvalidChange, match="at most 3"):
        await add(pool, tenant, "block", EntryType.BIN, "424245")
    with pytest.raises(InvalidChange, match="at most 3"):
        await load(pool, tenant, "type,value\nbin,424246\n")

    assert len(await all_entries(pool, tenant)) == 3


async def test_what_is_exported_can_be_imported_by_another_tenant(pool: asyncpg.Pool, tenant: Tenant) -> None:
    await add(pool, tenant, "allow", EntryType.IP, "203.0.113.0/24", reason="=1+1", expires_at=NOW + timedelta(days=1))
    await add(pool, tenant, "block", EntryType.DOCUMENT, "cd" * 32)
    await add(pool, tenant, "block", EntryType.BIN, "424242", expires_at=NOW - timedelta(seconds=1))
    exported = header_line() + "".join(map(entry_line, await all_entries(pool, tenant)))
    other = await new_tenant(pool)

    assert (await load(pool, other, exported)).added == 2
    [mine, theirs] = [
        {(each.list, each.type, each.value, each.reason, each.expires_at) for each in await all_entries(pool, owner)}
        for owner in (tenant, other)
    ]
    assert mine == theirs
    assert len(await all_entries(pool, tenant, list_name="block")) == 1
    assert len(await all_entries(pool, tenant, entry_type=EntryType.IP)) == 1
    assert await all_entries(pool, Tenant(uuid4(), "x", "x")) == []
