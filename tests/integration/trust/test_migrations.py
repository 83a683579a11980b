"""Migrations of the schema `trust` with existing rows."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_cli.migrations import all_migrations
from orylo_common.postgres.migrations import MigrationSet, migrate, roll_back
from orylo_common.postgres.pool import open_pool
from orylo_trust.migrations import MIGRATIONS
from orylo_trust.recompute import differences

pytestmark = pytest.mark.integration

ADD_ACCOUNT = """
    INSERT INTO trust.accounts (tenant_id, customer_id, start, total, score, version) VALUES ($1, $2, 50, $3, $4, 1)
"""
ADD_ROW = """
    INSERT INTO trust.ledger (tenant_id, customer_id, cause, source_id, points, month, monthly_cap, payment_id,
                              event_id, occurred_at)
    VALUES ($1, $2, $3, $4, $5, $6::text::date, $7, 'stripe:pi_1', 'evt', now())
"""


async def test_a_dispute_that_was_charged_to_two_customers_stays_with_the_payer(empty_postgres_dsn: str) -> None:
    before = MigrationSet(MIGRATIONS.schema, MIGRATIONS.package)
    before.__dict__["migrations"] = MIGRATIONS.migrations[:1]
    everything = all_migrations()
    await migrate(empty_postgres_dsn, [before if each.schema == "trust" else each for each in everything])
    connection, tenant_id = await asyncpg.connect(empty_postgres_dsn), uuid4()
    await connection.execute(ADD_ACCOUNT, tenant_id, "cus_payer", 2, 2)
    await connection.execute(ADD_ACCOUNT, tenant_id, "cus_named", -30, 0)
    await connection.execute(
        "INSERT INTO trust.months VALUES ($1, 'cus_payer', '2026-05-01', 2, 10)",
        tenant_id,
    )
    for customer_id, cause, source_id, points in (
        ("cus_named", "dispute_opened", "dp_1", -50),
        ("cus_named", "fraud_warning", "issfr_1", -30),
        ("cus_payer", "dispute_opened", "dp_1", -50),
    ):
        await connection.execute(ADD_ROW, tenant_id, customer_id, cause, source_id, points, None, None)
    await connection.execute(ADD_ROW, tenant_id, "cus_payer", "clean_payment", "stripe:pi_1", 2, "2026-05-01", 10)

    await migrate(empty_postgres_dsn, everything)

    assert await _totals(connection, tenant_id) == {"cus_payer": -28, "cus_named": 50}
    async with open_pool(empty_postgres_dsn, role="orylo_trust") as pool:
        assert [each async for each in differences(pool)] == []
    await connection.close()


async def _totals(connection: asyncpg.Connection, tenant_id: UUID) -> dict[str, int]:
    rows = await connection.fetch("SELECT customer_id, total FROM trust.accounts WHERE tenant_id = $1", tenant_id)
    return {row["customer_id"]: row["total"] for row in rows}


async def test_the_entries_that_undo_others_can_be_rolled_back(empty_postgres_dsn: str) -> None:
    everything = all_migrations()
    await migrate(empty_postgres_dsn, everything)
    connection, tenant_id = await asyncpg.connect(empty_postgres_dsn), uuid4()
    # Paid, blocked, refunded, and the refund failed: all is undone.
    await connection.execute(ADD_ACCOUNT, tenant_id, "cus_1", 50, 50)
    await connection.execute("INSERT INTO trust.months VALUES ($1, 'cus_1', '2026-05-01', 0, 10)", tenant_id)
    for cause, points, month, cap in (
        ("clean_payment", 2, "2026-05-01", 10),
        ("payment_blocked", -2, "2026-05-01", 10),
        ("refund", -5, None, None),
        ("refund_failed", 5, None, None),
    ):
        await connection.execute(ADD_ROW, tenant_id, "cus_1", cause, "stripe:pi_1", points, month, cap)
    async with open_pool(empty_postgres_dsn, role="orylo_trust") as pool:
        assert [each async for each in differences(pool)] == []
    await roll_back(empty_postgres_dsn, MIGRATIONS, to=2)
    # The clean payment and the refund are left.
    assert await _totals(connection, tenant_id) == {"cus_1": 47}
    await connection.close()
