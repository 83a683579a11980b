"""Rows of an earlier version, with plain hashes of documents, are put under the document key."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
import pytest_asyncio

from orylo_cli import keyed_documents
from orylo_cli.keyed_documents import key_documents
from orylo_cli.migrations import all_migrations
from orylo_common.control.document_key_store import ensure_document_key
from orylo_common.control.keyring import Keyring
from orylo_common.ids import uuid7
from orylo_common.postgres.migrations import migrate
from orylo_common.postgres.outbox_bodies import compress
from orylo_common.postgres.pool import open_pool
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.webhooks.record import Record, build_record
from orylo_ingest.webhooks.store import WriteOutcome, record_batch
from tests.support.table_search import tables_with
from tests.unit.ingest.given import RECEIVED_AT, TENANT, document_of

pytestmark = pytest.mark.integration

# A sale and an event that Kiwify does not document, as a version with plain hashes stored them.
STORED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "stored_with_plain_documents.json").read_text()
)
SALE = STORED[0]
FORMER = SALE["customer"]
CPF, OTHER_CPF = "529.982.247-25", "111.444.777-35"
PLAIN = "7281dfb5e8becca0a1c5e77c1268baacb0f983572b8c204fd8df72b24175b231"
OTHER_PLAIN = "8c2d3a751f9c73934441d16f9578d566e7dd7a2996a042f2ef047b5be926534c"
KEYRING = Keyring.parse(Keyring.generate())


def unreported(read: int, stored: int) -> None:
    """Take the progress and ignore it."""


ADD_EVENT = """
    INSERT INTO ingest.events (tenant_id, event_id, gateway, gateway_event_type, status, reason, payment_id, payload,
                               body_sha256, occurred_at)
    VALUES ($1, $2, 'kiwify', 'any', $3, $4, $5, $6, $7, now())
"""
ADD_KNOWN = "INSERT INTO ingest.dedupe_registry (tenant_id, event_id, body_sha256) VALUES ($1, $2, $3)"
ADD_QUARANTINED = """
    INSERT INTO api.quarantine_view (tenant_id, id, kind, gateway, gateway_event_type, reason, payload, payload_bytes,
                                     created_at)
    VALUES ($1, $2, 'quarantined', 'kiwify', 'any', 'any', $3, 1, now())
"""
ADD_ACCOUNT = "INSERT INTO trust.accounts (tenant_id, customer_id, start, total, score) VALUES ($1, $2, 50, 70, 70)"
ADD_MONTH = (
    "INSERT INTO trust.months (tenant_id, customer_id, month, points, cap) VALUES ($1, $2, '2026-05-01', 20, 20)"
)
ADD_AMOUNT = "INSERT INTO detector.amounts VALUES ($1, 'customer:' || $2, 'BRL', 4, 1)"
ADD_HISTORY = "INSERT INTO detector.customers (tenant_id, customer_id, payments) VALUES ($1, $2, 3)"
ADD_CUSTOMER = """
    INSERT INTO api.customers_view (tenant_id, customer_id, trust_score, status, version, created_at)
    VALUES ($1, $2, 70, 'neutral', 1, now())
"""
ADD_PAYMENT = """
    INSERT INTO api.payments_view (tenant_id, payment_id, gateway, state, updated_at, state_key, customer_id,
        amount_minor, currency, details, details_key, refunded_minor, created_at)
    VALUES ($1, 'kiwify:1', 'kiwify', 'paid', now(), '', $2, 1, 'BRL', $3, '', 0, now())
"""
ADD_MESSAGE = "INSERT INTO ingest.outbox (message_id, type, body) VALUES ($1, 'payment.succeeded.v1', $2)"


@pytest_asyncio.fixture
async def pool(empty_postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    await migrate(empty_postgres_dsn, all_migrations())
    async with open_pool(empty_postgres_dsn, role="none") as opened:
        for stored in STORED:
            event_id, digest = UUID(stored["event"]), bytes.fromhex(stored["content"])
            await opened.execute(
                ADD_EVENT, TENANT, event_id, stored["status"], stored["reason"], stored["payment"], stored["payload"],
                digest,
            )  # fmt: skip
            await opened.execute(ADD_KNOWN, TENANT, event_id, digest)
        await opened.execute(ADD_QUARANTINED, TENANT, UUID(STORED[1]["event"]), STORED[1]["payload"])
        for statement in (ADD_ACCOUNT, ADD_MONTH, ADD_AMOUNT, ADD_HISTORY, ADD_CUSTOMER):
            await opened.execute(statement, TENANT, FORMER)
        await opened.execute(ADD_PAYMENT, TENANT, FORMER, {"customer_id": FORMER})
        waiting = {"type": "payment.succeeded.v1", "data": {"customer_id": FORMER, "match_keys": {"document": PLAIN}}}
        for body in (orjson.dumps(waiting), compress(orjson.dumps(waiting))):
            await opened.execute(ADD_MESSAGE, uuid7(), body)
        yield opened


def sale_again() -> Any:
    order = document_of("kiwify/order_approved_card.json")
    buyer = order["Customer"]
    for key in [key for key in buyer if any(word in key.lower() for word in ("mail", "mobile", "phone"))]:
        del buyer[key]
    buyer["CPF"] = CPF
    order["obs"] = f"CPF {CPF}, indicado por {OTHER_CPF}"
    return order


def undocumented_again() -> Any:
    return sale_again() | {"order_status": "unheard of", "webhook_event_type": "unheard of", "order_id": "other"}


async def received(pool: asyncpg.Pool, document: Any) -> tuple[Record, WriteOutcome]:
    async with pool.acquire() as connection:
        key = await ensure_document_key(connection, KEYRING)
        record = build_record(GATEWAYS["kiwify"], TENANT, document, RECEIVED_AT, document_key=key)
        return record, (await record_batch(connection, [record]))[0]


async def test_no_plain_hash_and_no_former_customer_is_left(pool: asyncpg.Pool, empty_postgres_dsn: str) -> None:
    reported: list[tuple[int, int]] = []
    assert await key_documents(empty_postgres_dsn, KEYRING, progress=lambda *counts: reported.append(counts)) == 2
    assert reported == [(2, 2)]

    for sought in (PLAIN, OTHER_PLAIN, FORMER):
        assert await tables_with(pool, sought) == []
    record, _ = await received(pool, sale_again())
    assert record.outgoing is not None
    now = orjson.loads(record.outgoing.body)["data"]["customer_id"]
    assert await tables_with(pool, now) == [
        "api.customers_view", "api.payments_view", "detector.amounts", "detector.customers", "ingest.outbox",
        "trust.accounts", "trust.months",
    ]  # fmt: skip
    assert await key_documents(empty_postgres_dsn, KEYRING, progress=unreported) == 0


@pytest.mark.parametrize("migrated", [True, False])
async def test_a_resend_of_an_earlier_event_is_a_duplicate(
    pool: asyncpg.Pool, empty_postgres_dsn: str, migrated: bool
) -> None:
    if migrated:
        await key_documents(empty_postgres_dsn, KEYRING, progress=unreported)
    for document in (sale_again(), undocumented_again()):
        assert (await received(pool, document))[1] is WriteOutcome.DUPLICATE
    changed = sale_again()
    changed["Customer"]["CPF"] = OTHER_CPF
    assert (await received(pool, changed))[1] is WriteOutcome.CONFLICT


async def test_a_run_that_was_cut_off_is_completed_by_the_next(
    pool: asyncpg.Pool, empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_batch = keyed_documents._key_batch

    async def cut_off_after_one(writer: Any, rows: Any, key: Any) -> int:
        await key_batch(writer, rows[:1], key)
        await writer.execute("COMMIT")
        raise ConnectionError

    monkeypatch.setattr(keyed_documents, "_key_batch", cut_off_after_one)
    with pytest.raises(ConnectionError):
        await key_documents(empty_postgres_dsn, KEYRING, progress=unreported)
    monkeypatch.undo()
    assert await key_documents(empty_postgres_dsn, KEYRING, progress=unreported) == 1
    assert await tables_with(pool, PLAIN) == []


async def test_two_runs_at_once_change_each_event_once(pool: asyncpg.Pool, empty_postgres_dsn: str) -> None:
    assert sorted(
        await asyncio.gather(*(key_documents(empty_postgres_dsn, KEYRING, progress=unreported) for _ in range(2)))
    ) == [0, 2]
    assert (await received(pool, sale_again()))[1] is WriteOutcome.DUPLICATE


async def test_an_event_that_an_earlier_version_stores_during_the_rollout_follows(
    pool: asyncpg.Pool, empty_postgres_dsn: str
) -> None:
    await key_documents(empty_postgres_dsn, KEYRING, progress=unreported)
    late = UUID(int=7)
    digest = bytes.fromhex(SALE["content"])
    await pool.execute(ADD_EVENT, TENANT, late, "published", None, None, SALE["payload"], digest)
    assert await key_documents(empty_postgres_dsn, KEYRING, progress=unreported) == 1
    assert await tables_with(pool, PLAIN) == []
    assert isinstance(await pool.fetchval("SELECT searched_until FROM control.document_key"), datetime)
