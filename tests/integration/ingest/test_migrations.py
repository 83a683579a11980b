"""Migrations of the schema `ingest` with existing rows."""

import asyncpg
import pytest

from orylo_cli.migrations import all_migrations
from orylo_common.ids import uuid7
from orylo_common.postgres.migrations import migrate, roll_back
from orylo_common.postgres.pool import open_pool
from orylo_ingest.migrations import MIGRATIONS
from orylo_ingest.webhooks.store import record_batch
from tests.unit.ingest.gateways.test_stripe_attempts_and_refunds import refund_of
from tests.unit.ingest.gateways.test_stripe_invoices import AT, bought
from tests.unit.ingest.given import TENANT, recorded_from

pytestmark = pytest.mark.integration

ADD_EVENT = """
    INSERT INTO ingest.events (tenant_id, event_id, gateway, gateway_event_type, status, payment_id, payload,
                               body_sha256, occurred_at)
    VALUES ($1, $2, 'stripe', 'any', $3, $4, '{}', '', now())
"""
ADD_FACT = "INSERT INTO ingest.facts (tenant_id, fact, event_id) VALUES ($1, $2, $3)"
KEY = "stripe:cus_1:9900:BRL:later"


async def test_payments_that_were_matched_by_facts_stay_matched(empty_postgres_dsn: str) -> None:
    sets = all_migrations()
    await migrate(empty_postgres_dsn, sets)
    await roll_back(empty_postgres_dsn, MIGRATIONS, to=3)
    connection = await asyncpg.connect(empty_postgres_dsn)
    minute = AT // 60
    # Sale 1 was reported by its invoice, then by its intent. Sale 2 was reported by its invoice only, a month later.
    for status, payment_id, facts in (
        ("published", "stripe:in_1", ["paid:stripe:in_1", *(f"invoiced:{KEY}:{minute + step}" for step in (0, 1))]),
        ("already_reported", "stripe:pi_1", ["paid:stripe:pi_1", f"invoiced:{KEY}:{minute + 2}"]),
        ("published", "stripe:in_2", ["paid:stripe:in_2", f"invoiced:{KEY}:{minute + 50_000}"]),
        ("published", "stripe:pi_9", ["paid:stripe:pi_9"]),
    ):
        event_id = uuid7()
        await connection.execute(ADD_EVENT, TENANT, event_id, status, payment_id)
        for fact in facts:
            await connection.execute(ADD_FACT, TENANT, fact, event_id)
    await connection.close()

    await migrate(empty_postgres_dsn, sets)

    async with open_pool(empty_postgres_dsn, role="orylo_ingest") as pool:
        rows = await pool.fetch("SELECT payment_id, charge_id, invoice_id FROM ingest.linked_payments ORDER BY 1")
        assert [tuple(row) for row in rows] == [
            ("stripe:in_1", "stripe:pi_1", "stripe:in_1"),
            ("stripe:in_2", None, "stripe:in_2"),
        ]
        late = bought(2, at=(minute + 50_000) * 60, description="Subscription update")["charge"]
        records = [recorded_from("stripe", event) for event in (refund_of(1), late)]
        async with pool.acquire() as one:
            await record_batch(one, records)
    assert [record.payment_id for record in records] == ["stripe:in_1", "stripe:in_2"]
