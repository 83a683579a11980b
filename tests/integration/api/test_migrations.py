from uuid import uuid4

import asyncpg
import orjson
import pytest

from orylo_api.migrations import MIGRATIONS
from orylo_api.payments.models import PaymentState
from orylo_api.payments.reversals import outcome_of, reversals_of
from orylo_api.read_models.rollups import PAYMENTS
from orylo_common.control import migrations as control
from orylo_common.messages import PaymentRefundFailed
from orylo_common.postgres import partitions
from orylo_common.postgres.migrations import migrate, roll_back
from tests.unit.api.builders import after, payment

pytestmark = pytest.mark.integration

SCHEMA = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'api'::regnamespace AND a.attnum > 0 ORDER BY 1, 2
"""
LEFT_BEHIND = """
    SELECT relname::text FROM pg_class
    WHERE relnamespace = 'api'::regnamespace AND relname NOT LIKE 'schema_migrations%'
    UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'api'::regnamespace
    UNION ALL SELECT grantee::text FROM information_schema.role_table_grants
    WHERE grantee = 'orylo_api_projector' AND table_schema = 'control'
"""


async def test_every_migration_can_be_rolled_back(empty_postgres_dsn: str) -> None:
    sets = [control.MIGRATIONS, partitions.MIGRATIONS, MIGRATIONS]
    await migrate(empty_postgres_dsn, sets)
    connection = await asyncpg.connect(empty_postgres_dsn)
    try:
        before = await connection.fetch(SCHEMA)
        numbers = [0, *(int(migration.name[:4]) for migration in MIGRATIONS.migrations)]
        for target in reversed(numbers[:-1]):
            assert len(await roll_back(empty_postgres_dsn, MIGRATIONS, to=target)) == 1
        assert [row[0] for row in await connection.fetch(LEFT_BEHIND)] == []

        await migrate(empty_postgres_dsn, sets)
        assert await connection.fetch(SCHEMA) == before
    finally:
        await connection.close()


ADD_LINE = """
    INSERT INTO {schema}.audit_log (
        tenant_id, id, at, actor_kind, actor_id, actor, action, subject, before, after, address, user_agent
    ) VALUES (gen_random_uuid(), gen_random_uuid(), now(), $1, $2, $3, 'any', 'any', NULL, '{{}}', '', '')
"""


async def test_the_audit_log_moves_to_the_shared_table_and_back(empty_postgres_dsn: str) -> None:
    sets = [control.MIGRATIONS, partitions.MIGRATIONS, MIGRATIONS]
    await migrate(empty_postgres_dsn, sets)
    await roll_back(empty_postgres_dsn, MIGRATIONS, to=13)
    connection = await asyncpg.connect(empty_postgres_dsn)

    async def actors(schema: str) -> list[str]:
        return [row["actor"] for row in await connection.fetch(f"SELECT actor FROM {schema}.audit_log ORDER BY at")]

    try:
        await connection.execute(ADD_LINE.format(schema="api"), "user", uuid4(), "ana")
        await connection.execute(ADD_LINE.format(schema="control"), "command", None, "cli:ana")
        await migrate(empty_postgres_dsn, sets)
        assert await actors("control") == ["ana", "cli:ana"]

        await roll_back(empty_postgres_dsn, MIGRATIONS, to=13)
        assert (await actors("api"), await actors("control")) == (["ana"], ["cli:ana"])
    finally:
        await connection.close()


ADD_PAYMENT = """
    INSERT INTO api.payments_view (tenant_id, payment_id, gateway, state, updated_at, state_key, amount_minor, currency,
                                   details, details_key, refunded_minor, created_at)
    VALUES (gen_random_uuid(), $1, 'stripe', $2, $3, '5', 900, 'BRL', '{}', '5', $4, $3)
"""


async def test_a_refund_of_an_earlier_release_can_fail(empty_postgres_dsn: str) -> None:
    sets = [control.MIGRATIONS, partitions.MIGRATIONS, MIGRATIONS]
    await migrate(empty_postgres_dsn, sets)
    await roll_back(empty_postgres_dsn, MIGRATIONS, to=14)
    connection = await asyncpg.connect(empty_postgres_dsn)
    try:
        for state, refunded_minor in (("refunded", 900), ("partially_refunded", 300), ("succeeded", 0)):
            await connection.execute(ADD_PAYMENT, state, state, after(1), refunded_minor)
        await migrate(empty_postgres_dsn, sets)
        rows = await connection.fetch("SELECT state, updated_at, refunded_minor, reversals FROM api.payments_view")
    finally:
        await connection.close()

    failure = reversals_of(payment(PaymentRefundFailed, occurred_at=after(2), refund_id="re_1", amount_minor=300))
    for state, updated_at, refunded_minor, stored in rows:
        reversals = orjson.loads(stored)
        assert outcome_of(PaymentState(state), updated_at, refunded_minor, reversals) == (
            state,
            after(1),
            refunded_minor,
        )
        remaining = max(0, refunded_minor - 300)
        outcome = outcome_of(PaymentState(state), updated_at, refunded_minor, {**reversals, **failure})
        assert outcome.refunded_minor == remaining
        assert outcome.state == ("partially_refunded" if remaining else "succeeded")


ADD_BLOCKED = """
    INSERT INTO api.payments_view (tenant_id, payment_id, gateway, state, updated_at, state_key, amount_minor, currency,
                                   details, details_key, refunded_minor, created_at)
    VALUES ($1, $2, 'stripe', $3, $4, '5', 900, 'BRL', '{}', $5, $6, $4)
"""
ADD_DECISION = """
    INSERT INTO api.detections_view (tenant_id, id, event_id, payment_id, payment_type, gateway, decision, risk_score,
                                     findings, amount_minor, currency, occurred_at, created_at, version)
    VALUES ($1, gen_random_uuid(), $2, $2, 'payment.succeeded', 'stripe', $3, 90, '{}', 900, 'BRL', $4, $4, $5)
"""
ADD_SUMS = """
    INSERT INTO api.payment_rollups (tenant_id, grain, bucket, gateway, currency, decision, {measures})
    SELECT tenant_id, grain, date_bin(length, at, '2000-01-01T00:00:00Z'), gateway, currency, decision, {sums}
    FROM api.counted_payments CROSS JOIN (VALUES ('hour', interval '1 hour'), ('day', '1 day')) AS g (grain, length)
    GROUP BY 1, 2, 3, 4, 5, 6
"""


async def test_paid_blocks_of_an_earlier_release_are_summed(empty_postgres_dsn: str) -> None:
    sets = [control.MIGRATIONS, partitions.MIGRATIONS, MIGRATIONS]
    await migrate(empty_postgres_dsn, sets)
    await roll_back(empty_postgres_dsn, MIGRATIONS, to=79)
    connection = await asyncpg.connect(empty_postgres_dsn)
    tenant = uuid4()
    measures = [name for name in PAYMENTS.measures if not name.startswith("paid_blocks")]
    try:
        for payment_id, state, refunded, decisions in (
            ("paid", "succeeded", 0, ["block"]),
            ("refunded_in_part", "partially_refunded", 200, ["allow", "block"]),
            ("allowed_later", "succeeded", 0, ["block", "allow"]),
            ("declined", "failed", 0, ["block"]),
        ):
            paid_at = f"5|{after(1).isoformat()}" if state != "failed" else "2"
            await connection.execute(ADD_BLOCKED, tenant, payment_id, state, after(1), paid_at, refunded)
            for version, decision in enumerate(decisions):
                await connection.execute(ADD_DECISION, tenant, payment_id, decision, after(1), version)
        sums = ", ".join(f"sum({name})" for name in measures)
        await connection.execute(ADD_SUMS.format(measures=", ".join(measures), sums=sums))
        await migrate(empty_postgres_dsn, sets)
        rows = await connection.fetch(
            "SELECT grain, decision, paid_blocks, paid_blocks_minor FROM api.payment_rollups ORDER BY 1, 2"
        )
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [
        ("day", "allow", 0, 0),
        ("day", "block", 2, 1600),
        ("hour", "allow", 0, 0),
        ("hour", "block", 2, 1600),
    ]
