"""A tenant whose date of deletion has passed: each service deletes its rows, and the API the tenant itself."""

from uuid import UUID

import asyncpg
import pytest

from orylo_api.platform.purging import FORCED, purge
from orylo_common.control.purging import PURGE_PART, Part, purge_part
from orylo_common.control.switches import PLATFORM
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import open_pool
from tests.integration.api.conftest import Api, make_shop
from tests.integration.api.test_isolation import add_things

pytestmark = pytest.mark.integration

SERVICES: tuple[Part, ...] = ("ingest", "detector", "trust", "dispatch")
ROWS = """
    INSERT INTO ingest.events
        (tenant_id, event_id, gateway, gateway_event_type, status, payload, body_sha256, occurred_at)
    SELECT $1, gen_random_uuid(), 'stripe', 'any', 'ignored', '{}', '', now() FROM generate_series(1, 5);
    INSERT INTO detector.customers (tenant_id, customer_id) VALUES ($1, 'cus_1');
    INSERT INTO detector.detections (
        tenant_id, id, event_id, payment_id, payment_type, gateway, decision, risk_score, reasons, detectors, degraded,
        amount_minor, currency, occurred_at
    ) VALUES ($1, gen_random_uuid(), 'e', 'p', 't', 'stripe', 'allow', 0, '[]', '[]', '[]', 1, 'BRL', now());
    INSERT INTO trust.accounts (tenant_id, customer_id, start, total, score) VALUES ($1, 'cus_1', 50, 50, 50);
    INSERT INTO dispatch.clicks (tenant_id, click_id, clicked_at) VALUES ($1, 'oc_1', now());
    INSERT INTO dispatch.attempts (tenant_id, delivery_id, attempt_number, at, outcome)
    VALUES ($1, gen_random_uuid(), 1, now(), 'dispatched')
"""
SELECT_TABLES = """
    SELECT c.oid::regclass::text FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname IN ('control', 'ingest', 'detector', 'trust', 'dispatch', 'api')
"""
# Their rows hold no tenant's data, or no longer than a message waits.
WITHOUT_TENANT = """
    SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname IN ('control', 'ingest', 'detector', 'trust', 'dispatch', 'api')
      AND c.relname NOT IN ('schema_migrations', 'outbox')
      AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
"""
KEPT = {"control.audit_log"}


async def stored(api: Api, tenant_id: UUID) -> dict[str, int]:
    """Return how many rows of a tenant each table has, without the tables that have none."""
    tables = [row[0] for row in await api.pool.fetch(SELECT_TABLES)]
    counts = {
        table: await api.pool.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", tenant_id)
        for table in tables
    }
    return {table: count for table, count in counts.items() if count}


async def add_rows(api: Api, tenant_id: UUID) -> None:
    for statement in ROWS.split(";"):
        await api.pool.execute(statement, tenant_id)


async def purge_services(dsn: str) -> None:
    """Run the services' jobs as their roles, until they have nothing left to do."""
    for service in SERVICES:
        async with open_pool(dsn, role=f"orylo_{service}", max_size=1) as pool, pool.acquire() as connection:
            while await purge_part(connection, part=service):
                pass


async def purge_api(api: Api) -> None:
    more = True
    while more:
        async with api.projector.acquire() as connection, connection.transaction():
            more = await purge(connection)


async def delete_at(api: Api, tenant_id: UUID, interval: str) -> None:
    await api.pool.execute(
        "UPDATE control.tenants SET delete_at = now() + $2::text::interval, deletion_reason = 'closed' WHERE id = $1",
        tenant_id,
        interval,
    )


async def test_nothing_of_a_deleted_tenant_is_left_but_its_audit_log(api: Api, postgres_dsn: str) -> None:
    shops = [await make_shop(api.pool, f"loja-{uuid7().hex}") for _ in range(2)]
    deleted, other = (shop.tenant.id for shop in shops)
    for shop in shops:
        await add_things(api, shop.tenant.id)
        await add_rows(api, shop.tenant.id)
        await api.sign_in(shop)
    before = await stored(api, other)
    assert {table.partition(".")[0] for table in before} == {*SERVICES, "api", "control"}

    await delete_at(api, deleted, "1 minute")
    await purge_services(postgres_dsn)
    await purge_api(api)
    assert (await stored(api, deleted)).keys() == before.keys(), "not before its date"

    await delete_at(api, deleted, "-6 minutes")
    await purge_api(api)
    assert await api.pool.fetchval("SELECT true FROM control.tenants WHERE id = $1", deleted), "not before the services"
    await purge_services(postgres_dsn)
    await purge_api(api)
    assert (await stored(api, deleted)).keys() == KEPT
    assert not await api.pool.fetchval("SELECT true FROM control.tenants WHERE id = $1", deleted)
    assert await stored(api, other) == before
    for log in (deleted, PLATFORM):
        last = "SELECT actor_kind, subject FROM control.audit_log WHERE tenant_id = $1 AND action = 'tenant.purge'"
        assert [tuple(row) for row in await api.pool.fetch(last, log)][-1] == (
            "platform",
            f"tenant {shops[0].tenant.slug}",
        )


async def test_rows_are_deleted_in_chunks(api: Api, postgres_dsn: str) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    await add_rows(api, shop.tenant.id)
    await delete_at(api, shop.tenant.id, "-6 minutes")
    left = []
    async with open_pool(postgres_dsn, role="orylo_ingest", max_size=1) as pool:
        while await pool.fetchval(PURGE_PART, "ingest", 2):
            left.append((await stored(api, shop.tenant.id)).get("ingest.events", 0))
    assert left == [3, 1, 0]
    assert (await stored(api, shop.tenant.id))["dispatch.clicks"] == 1


async def test_every_table_says_whose_its_rows_are(api: Api) -> None:
    """A purge finds rows by `tenant_id`: a table without it must hold nothing of a tenant."""
    tables = {row[0] for row in await api.pool.fetch(WITHOUT_TENANT)}
    assert tables == {"control.tenants", "control.document_key", "api.login_failures"}


async def test_a_tenant_that_is_being_purged_cannot_be_restored(api: Api, postgres_dsn: str) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    await delete_at(api, shop.tenant.id, "-6 minutes")
    async with (
        open_pool(postgres_dsn, role="orylo_ingest", max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        assert await purge_part(connection, part="ingest")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await api.pool.execute("SELECT FROM control.tenants WHERE id = $1 FOR UPDATE NOWAIT", shop.tenant.id)


async def test_tables_that_bind_their_owner_are_purged_by_the_api(api: Api) -> None:
    """`session_tokens` follows `sessions`."""
    forced = await api.pool.fetch(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'api'::regnamespace AND relforcerowsecurity"
    )
    assert {row[0] for row in forced} == {*FORCED, "session_tokens"}
