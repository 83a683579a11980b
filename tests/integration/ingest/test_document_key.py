"""Documents are stored under a key of the platform, which outlives the master key and is created once."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from orylo_common.control.document_key_store import ensure_document_key
from orylo_common.control.keyring import Keyring, WrongMasterKey
from tests.integration.ingest.running import MASTER_KEY, SECRET, Answer, Ingest, open_another, running_ingest
from tests.support.eventually import eventually
from tests.support.table_search import tables_with
from tests.unit.ingest.given import document_of

pytestmark = pytest.mark.integration

GATEWAYS = ("kiwify", "hotmart", "perfectpay")
CPF = "529.982.247-25"
PLAIN = sha256(b"52998224725").hexdigest()


@pytest_asyncio.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as running:
        for gateway in GATEWAYS:
            await running.configure(gateway)

        async def all_are_known() -> bool:
            return {(await running.post(b"{}", gateway=gateway)).status for gateway in GATEWAYS} == {401}

        await eventually(all_are_known)
        yield running


def kiwify(document: str, **changes: Any) -> dict[str, Any]:
    order: dict[str, Any] = document_of("kiwify/order_approved_card.json")
    order["Customer"] |= {"CPF": document, **changes}
    return order


async def send(ingest: Ingest, gateway: str, document: Any) -> Answer:
    if gateway == "perfectpay":
        document["token"] = SECRET
    body = orjson.dumps(document)
    if gateway == "hotmart":
        return await ingest.post(body, gateway=gateway, headers={"X-HOTMART-HOTTOK": SECRET})
    if gateway == "perfectpay":
        return await ingest.post(body, gateway=gateway)
    signature = hmac.digest(SECRET.encode(), body, "sha1").hex()
    address = f"{ingest.url}/api/v1/webhooks/kiwify/loja?signature={signature}"
    async with ingest.session.post(address, data=body) as response:
        return Answer(response.status, dict(response.headers), await response.json(content_type=None))


async def test_no_table_holds_the_plain_hash_of_a_document(ingest: Ingest) -> None:
    hotmart = document_of("hotmart/v2_purchase_approved.json")
    hotmart["data"]["buyer"]["document"] = CPF
    perfectpay = document_of("perfectpay/approved_card.json")
    perfectpay["customer"]["identification_number"] = CPF
    for gateway, document in (("kiwify", kiwify(CPF)), ("hotmart", hotmart), ("perfectpay", perfectpay)):
        answer = await send(ingest, gateway, document)
        assert answer.status == 202, answer.body

    assert await ingest.rows("events") == 3
    assert await tables_with(ingest.pool, PLAIN) == []
    assert await tables_with(ingest.pool, "52998224725") == []
    tokens = [
        part
        for row in await ingest.pool.fetch("SELECT payload FROM ingest.events")
        for part in orjson.dumps(row["payload"]).decode().split('"')
        if part.startswith("hmac:")
    ]
    assert max(map(tokens.count, tokens)) == 3


async def test_webhooks_get_503_while_the_key_cannot_be_read(ingest: Ingest, postgres_dsn: str) -> None:
    keyring = Keyring.parse(Keyring.generate())
    await ingest.pool.execute("UPDATE control.document_key SET key_encrypted = $1", keyring.encrypt("00" * 32))

    async with open_another(postgres_dsn, ingest) as other:
        answer = await send(other, "kiwify", kiwify(CPF))
        assert (answer.status, answer.body["code"]) == (503, "secret_unreadable")
        # The process that could read the key before goes on with it.
        assert (await send(ingest, "kiwify", kiwify(CPF))).status == 202
        assert await ingest.rows("events") == 1


async def test_two_processes_create_one_key(postgres_dsn: str) -> None:
    keyring = Keyring.parse(MASTER_KEY)
    connections = [await asyncpg.connect(postgres_dsn) for _ in range(4)]
    await connections[0].execute("DELETE FROM control.document_key")
    try:
        keys = await asyncio.gather(*(ensure_document_key(each, keyring) for each in connections))
    finally:
        for each in connections:
            await each.close()
    assert len({key.hash_of(PLAIN) for key in keys}) == 1


async def test_the_key_outlives_a_rotation_of_the_master_key(postgres_dsn: str) -> None:
    # Other tests' secrets are stored under the first.
    old, new = MASTER_KEY, Keyring.generate()
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute("DELETE FROM control.document_key")
        before = (await ensure_document_key(connection, Keyring.parse(old))).hash_of(PLAIN)
        await ensure_document_key(connection, Keyring.parse(f"{new},{old}"))
        # The old master key can be removed now.
        assert (await ensure_document_key(connection, Keyring.parse(new))).hash_of(PLAIN) == before
        with pytest.raises(WrongMasterKey):
            await ensure_document_key(connection, Keyring.parse(old))
        assert await connection.fetchval("SELECT count(*) FROM control.document_key") == 1
    finally:
        await connection.execute("DELETE FROM control.document_key")
        await connection.close()


async def test_no_key_is_created_under_a_master_key_that_the_services_do_not_use(ingest: Ingest) -> None:
    foreign = Keyring.parse(Keyring.generate())
    async with ingest.pool.acquire() as connection:
        await connection.execute("DELETE FROM control.document_key")
        with pytest.raises(WrongMasterKey):
            await ensure_document_key(connection, foreign)
        assert await connection.fetchval("SELECT count(*) FROM control.document_key") == 0
        await ensure_document_key(connection, Keyring.parse(MASTER_KEY))
        assert await connection.fetchval("SELECT count(*) FROM control.document_key") == 1
