import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from orylo_api.projection.retention import KEEP_EXPIRED_ENTRIES, delete_old
from orylo_common.control import Keyring
from orylo_common.control.document_key_store import ensure_document_key
from orylo_common.control.lists import imports
from orylo_common.control.lists.csv_files import LineDefaults, read_entries
from orylo_common.control.lists.imports import import_entries
from orylo_common.control.models import Role
from orylo_common.csv_rows import MAX_BYTES
from orylo_common.hashing import hash_of
from orylo_common.ids import uuid7
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.support.actors import ACTOR

pytestmark = pytest.mark.integration

LISTS = "/api/v1/lists"
ENTRIES = f"{LISTS}/entries"
CSV = {"Content-Type": "text/csv"}
BLOCK_ANA = {"list": "block", "type": "email", "value": "Ana@Example.com", "reason": "stolen card"}


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


@pytest.fixture
async def client(api: Api, shop: Shop) -> AsyncIterator[aiohttp.ClientSession]:
    client = api.client(shop.bearer)
    yield client
    await client.close()


async def ask(client: aiohttp.ClientSession, method: str, path: str, **given: Any) -> tuple[int, Any]:
    async with client.request(method, path, **given) as response:
        return response.status, await response.json()


async def load(client: aiohttp.ClientSession, text: str | bytes, **query: str) -> tuple[int, Any]:
    return await ask(client, "POST", f"{LISTS}/import", data=text, headers=CSV, params=query)


async def export(client: aiohttp.ClientSession, **query: str) -> str:
    async with client.get(f"{LISTS}/export", params=query) as response:
        assert (response.status, response.content_type) == (200, "text/csv")
        return await response.text()


async def audited(api: Api, shop: Shop) -> list[tuple[str, str]]:
    rows = await api.pool.fetch(
        "SELECT action, actor FROM control.audit_log WHERE tenant_id = $1 AND action LIKE 'list.%' ORDER BY id",
        shop.tenant.id,
    )
    return [(row["action"], row["actor"]) for row in rows]


async def test_an_entry_is_added_shown_changed_found_and_removed(
    api: Api, shop: Shop, client: aiohttp.ClientSession
) -> None:
    status, entry = await ask(client, "POST", ENTRIES, json=BLOCK_ANA)
    path = f"{ENTRIES}/{entry['id']}"
    assert status == 201
    assert entry["value"] == f"sha256:{hash_of('ana@example.com')}"
    assert (entry["added_by"], entry["expires_at"]) == ("machine", None)
    assert await ask(client, "GET", path) == (200, entry)
    assert await ask(client, "POST", f"{LISTS}/lookup", json={"type": "email", "value": "ana@example.com"}) == (
        200,
        {"items": [entry]},
    )

    ends = (api.clock.now() + timedelta(days=1)).isoformat()
    status, changed = await ask(
        client, "PUT", path, json={"reason": "chargeback", "expires_at": ends}, headers={"If-Match": "*"}
    )
    assert (status, changed["reason"], changed["value"]) == (200, "chargeback", entry["value"])
    assert await ask(client, "DELETE", path) == (200, changed)
    assert (await ask(client, "DELETE", path))[0] == 404
    # To undo it, the value as it was shown is enough.
    again = {name: changed[name] for name in ("list", "type", "value", "reason", "expires_at")}
    status, restored = await ask(client, "POST", ENTRIES, json=again)
    assert (status, restored["value"]) == (201, entry["value"])
    assert [action for action, _ in await audited(api, shop)] == ["list.add", "list.change", "list.remove", "list.add"]


async def test_a_value_that_is_listed_already_is_a_conflict(client: aiohttp.ClientSession) -> None:
    assert (await ask(client, "POST", ENTRIES, json=BLOCK_ANA))[0] == 201
    status, problem = await ask(client, "POST", ENTRIES, json=BLOCK_ANA | {"value": "ana@example.com"})

    assert (status, problem["code"]) == (409, "already_listed")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": "ana"}, "body.value"),
        ({"value": "x" * 551}, "body.value"),
        ({"type": "phone"}, "body.type"),
        ({"type": "ip", "value": "0.0.0.0/0"}, "body.value"),
        ({"type": "card", "value": "4242 4242 4242 4242"}, "body.value"),
        ({"list": "Block"}, "body.list"),
        ({"list": "block\n"}, "body.list"),
        ({"reason": ""}, "body.reason"),
        ({"reason": "  "}, "body.reason"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "body.expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "body.expires_at"),
    ],
)
async def test_an_invalid_entry_is_refused_by_the_name_of_its_field(
    client: aiohttp.ClientSession, changes: dict[str, str], field: str
) -> None:
    status, problem = await ask(client, "POST", ENTRIES, json=BLOCK_ANA | changes)

    assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])
    assert "4242" not in str(problem)


async def test_documents_are_hashed_under_the_platforms_key(api: Api, client: aiohttp.ClientSession) -> None:
    await api.pool.execute("DELETE FROM control.document_key")
    cpf = {"list": "block", "type": "document", "value": "111.444.777-35", "reason": "because"}
    status, problem = await ask(client, "POST", ENTRIES, json=cpf)
    assert (status, problem["errors"][0]["field"]) == (422, "body.value")
    assert (await load(client, "type,value\ndocument,11144477735\n", list="block", reason="x"))[0] == 422

    async with api.pool.acquire() as connection:
        key = await ensure_document_key(connection, Keyring.parse(api.master_key))
    expected = f"hmac:{key.hash_of(hash_of('11144477735'))}"
    status, entry = await ask(client, "POST", ENTRIES, json=cpf)
    assert (status, entry["value"]) == (201, expected)
    text = "type,value\ndocument,52998224725\n"
    assert (await load(client, text, list="block", reason="x"))[0] == 200
    tables = await api.pool.fetch("SELECT to_jsonb(e)::text AS row FROM control.list_entries AS e")
    lines = await api.pool.fetch("SELECT to_jsonb(e)::text AS row FROM control.audit_log AS e")
    keys = await api.pool.fetch("SELECT to_jsonb(e)::text AS row FROM api.idempotency_keys AS e")
    stored = "".join(row["row"] for row in (*tables, *lines, *keys))
    assert not [clear for clear in ("11144477735", "111.444", "52998224725", "Ana@") if clear in stored]


async def test_entries_are_listed_by_list_type_state_and_author(
    api: Api, shop: Shop, client: aiohttp.ClientSession
) -> None:
    analyst = api.client((await api.user(shop, Role.ANALYST, "ana@shop.example")).bearer)
    for number, (name, who) in enumerate((("block", client), ("vip", analyst), ("block", analyst), ("allow", client))):
        new = {"list": name, "type": "bin", "value": f"42424{number}", "reason": "because"}
        assert (await ask(who, "POST", ENTRIES, json=new))[0] == 201
    soon = (api.clock.now() + timedelta(hours=1)).isoformat()
    ends = {"list": "block", "type": "ip", "value": "203.0.113.0/24", "reason": "because", "expires_at": soon}
    assert (await ask(client, "POST", ENTRIES, json=ends))[0] == 201
    await api.pool.execute("UPDATE control.list_entries SET expires_at = now() WHERE value = '424240'")

    async def listed(**query: str) -> list[str]:
        status, page = await ask(client, "GET", ENTRIES, params=query)
        assert status == 200
        return [entry["value"] for entry in page["items"]]

    assert await listed() == ["203.0.113.0/24", "424243", "424242", "424241"]
    assert await listed(state="all", list="block") == ["203.0.113.0/24", "424242", "424240"]
    assert await listed(state="expired") == ["424240"]
    assert await listed(type="ip") == await listed(expires_before="2999-01-01T00:00:00Z") == ["203.0.113.0/24"]
    assert await listed(added_by="ana@shop.example") == ["424242", "424241"]
    assert await listed(list="none") == []
    first = (await ask(client, "GET", ENTRIES, params={"limit": "2"}))[1]
    second = (await ask(client, "GET", ENTRIES, params={"limit": "2", "cursor": first["next_cursor"]}))[1]
    assert [entry["value"] for entry in first["items"] + second["items"]] == await listed()
    assert (await ask(client, "GET", LISTS))[1] == {
        "lists": [
            {"name": "block", "entries": 2, "types": {"bin": 1, "ip": 1}},
            {"name": "allow", "entries": 1, "types": {"bin": 1}},
            {"name": "vip", "entries": 1, "types": {"bin": 1}},
        ]
    }


async def test_a_file_is_counted_first_and_then_imported(api: Api, shop: Shop, client: aiohttp.ClientSession) -> None:
    text = "type;value;reason\r\nemail;ana@example.com;\r\nip;203.0.113.0/24;=office\r\nbin;424242;\r\n"
    counts = {"added": 3, "changed": 0, "unchanged": 0, "expired": 0, "invalid": 0, "problems": []}
    query = {"list": "block", "reason": "imported"}

    assert await load(client, text, dry_run="true", **query) == (200, {"dry_run": True, **counts})
    assert (await export(client)).count("\n") == 1
    assert await audited(api, shop) == []
    assert await load(client, text, **query) == (200, {"dry_run": False, **counts})
    assert await load(client, text, **query) == (200, {"dry_run": False, **counts, "added": 0, "unchanged": 3})
    exported = await export(client)
    assert "block,ip,203.0.113.0/24,'=office,,machine," in exported
    assert f"block,email,sha256:{hash_of('ana@example.com')},imported,,machine," in exported
    assert await load(client, exported) == (200, {"dry_run": False, **counts, "added": 0, "unchanged": 3})
    assert (await export(client, list="allow")).count("\n") == 1
    assert (await export(client, type="bin")).count("\n") == 2
    assert await audited(api, shop) == [("list.import", "machine")] * 3


async def test_a_file_with_a_faulty_line_is_refused_with_its_number(client: aiohttp.ClientSession) -> None:
    text = "type,value\nbin,424242\nemail,ana\nphone,11999\n"
    query = {"list": "block", "reason": "imported"}

    status, problem = await load(client, text, **query)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["line 3.value", "line 4.type"])
    status, counts = await load(client, text, dry_run="true", **query)
    assert (status, counts["added"], counts["invalid"]) == (200, 1, 2)
    assert [(each["line"], each["column"]) for each in counts["problems"]] == [(3, "value"), (4, "type")]
    assert (await export(client)).count("\n") == 1


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"", CSV, 422),
        (b"\xff\xfe", CSV, 422),
        (b"\x00", CSV, 422),
        (b"type,value\nbin,424242\n", {"Content-Type": "application/json"}, 415),
        (b"a" * (MAX_BYTES + 1), CSV, 413),
    ],
)
async def test_a_body_that_is_not_a_file_of_entries_is_refused(
    client: aiohttp.ClientSession, data: bytes, headers: dict[str, str], status: int
) -> None:
    assert (await ask(client, "POST", f"{LISTS}/import", data=data, headers=headers))[0] == status


async def test_an_import_repeated_with_its_key_has_one_effect(
    api: Api, shop: Shop, client: aiohttp.ClientSession
) -> None:
    headers, query = {**CSV, "Idempotency-Key": uuid4().hex}, {"list": "vip", "reason": "x"}
    replies = [
        await ask(client, "POST", f"{LISTS}/import", data="type,value\nbin,424242\n", headers=headers, params=query)
        for _ in range(2)
    ]

    assert replies[0] == replies[1]
    assert replies[0][1]["added"] == 1
    assert len(await audited(api, shop)) == 1


async def test_a_client_that_hangs_up_during_an_import_leaves_nothing(
    api: Api, shop: Shop, client: aiohttp.ClientSession
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"list,type,value,reason\n" + b"block,bin,424242,x\n" * 100
        raise ConnectionResetError

    with pytest.raises(aiohttp.ClientError):
        await client.post(f"{LISTS}/import", data=parts(), headers=CSV)
    assert (await export(client)).count("\n") == 1
    assert (await load(client, "list,type,value,reason\nblock,bin,424242,x\n"))[1]["added"] == 1


async def test_a_hundred_thousand_entries_are_exported_in_pages(
    api: Api, shop: Shop, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ("type,value\n" + "".join(f"customer,cus_{number}\n" for number in range(2500))).encode()
    async with api.pool.acquire() as connection:
        read = read_entries(BytesIO(text), LineDefaults("block", "x"))
        await import_entries(connection, shop.tenant.id, read, actor=ACTOR, now=api.clock.now())

    lines = (await export(client)).splitlines()
    assert len({line.split(",")[2] for line in lines[1:]}) == len(lines) - 1 == 2500


async def test_an_export_that_fails_half_way_is_cut_off(
    api: Api, shop: Shop, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ("type,value\n" + "".join(f"customer,cus_{number}\n" for number in range(1500))).encode()
    async with api.pool.acquire() as connection:
        read = read_entries(BytesIO(text), LineDefaults("block", "x"))
        await import_entries(connection, shop.tenant.id, read, actor=ACTOR, now=api.clock.now())
    # The second page cannot be read.
    monkeypatch.setattr(imports, "SELECT_PAGE", f"{imports.SELECT_PAGE} OFFSET CASE WHEN $4 IS NULL THEN 0 ELSE -1 END")

    with pytest.raises(aiohttp.ClientError):
        await export(client)


async def test_viewers_and_operators_read_lists_and_analysts_change_them(api: Api, shop: Shop) -> None:
    for role, allowed in ((Role.VIEWER, 403), (Role.OPERATOR, 403), (Role.ANALYST, 201), (Role.OWNER, 409)):
        client = api.client((await api.user(shop, role, f"{role}@shop.example")).bearer)
        assert (await ask(client, "GET", LISTS))[0] == 200
        assert (await ask(client, "POST", ENTRIES, json=BLOCK_ANA))[0] == allowed
        assert (await load(client, "type,value\n", list="x", reason="x"))[0] == (403 if allowed == 403 else 200)


async def test_a_change_from_a_browser_needs_the_csrf_token(api: Api, shop: Shop) -> None:
    browser = await api.sign_in(shop)
    status, entry = await ask(browser, "POST", ENTRIES, json=BLOCK_ANA)
    assert status == 201
    del browser.headers["X-CSRF-Token"]
    path = f"{ENTRIES}/{entry['id']}"

    assert (await ask(browser, "PUT", path, json={"reason": "x", "expires_at": None}))[0] == 403
    assert (await ask(browser, "DELETE", path))[0] == 403
    assert (await ask(browser, "GET", path))[0] == 200


async def test_entries_that_expired_long_ago_are_deleted_and_no_others(
    api: Api, shop: Shop, client: aiohttp.ClientSession
) -> None:
    for number in range(3):
        new = {"list": "vip", "type": "bin", "value": f"42424{number}", "reason": "because"}
        assert (await ask(client, "POST", ENTRIES, json=new))[0] == 201
    for value, ago in (("424240", KEEP_EXPIRED_ENTRIES + timedelta(days=1)), ("424241", timedelta(days=1))):
        statement = "UPDATE control.list_entries SET expires_at = now() - $2::interval WHERE value = $1"
        await api.pool.execute(statement, value, ago)

    async with api.projector.acquire() as connection:
        await delete_old(connection)
    left = (await ask(client, "GET", ENTRIES, params={"state": "all"}))[1]["items"]
    assert {entry["value"] for entry in left} == {"424241", "424242"}


async def test_large_imports_take_turns_and_other_requests_go_on(client: aiohttp.ClientSession) -> None:
    texts = ["type,value\n" + "".join(f"customer,cus_{part}_{number}\n" for number in range(3000)) for part in range(4)]
    importing = [asyncio.create_task(load(client, text, list="block", reason="x")) for text in texts]
    answered = 0
    while not any(task.done() for task in importing):
        assert (await ask(client, "GET", ENTRIES, params={"limit": "1"}))[0] == 200
        answered += 1
    assert [reply[1]["added"] for reply in await asyncio.gather(*importing)] == [3000] * 4
    assert answered
