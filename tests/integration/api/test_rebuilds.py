"""Read models are made again from the stored webhooks, as they were."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import pytest

from orylo_api.projection.batch import write_batch
from orylo_common.control.api_keys import create_api_key
from orylo_common.control.models import Role
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import open_pool
from orylo_ingest.webhooks import rereading
from tests.integration.api.conftest import running_api
from tests.integration.ingest.running import MASTER_KEY, TENANT, Ingest, running_ingest
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration

TABLES = ("jobs", "payments_view", "customers_view", "fraud_evidence", "claims", "rollups")
COMPARED = ("payments_view", "customers_view", "payment_rollups", "method_rollups", "decline_rollups")
SALES = 7
# A rebuild sums each day since.
AGE_S = 10 * 24 * 3600


@dataclass
class Shop:
    ingest: Ingest
    projector: asyncpg.Pool
    owner: aiohttp.ClientSession
    analyst: aiohttp.ClientSession

    async def pay(self, number: int) -> None:
        """Deliver a sale, and a second event of it, which adds to it."""
        created = int(time.time()) - AGE_S
        for kind in ("payment_intent.succeeded", "charge.succeeded"):
            given = {"id": f"pi_{number}"} if kind.startswith("payment") else {"payment_intent": f"pi_{number}"}
            event = {**stripe(kind, **given, created=created), "id": f"evt_{kind}_{number}", "created": created}
            assert (await self.ingest.stripe(orjson.dumps(event))).status in (200, 202)

    async def project(self, sales: int = SALES) -> None:
        """Project the messages of the first sales."""

        async def all_published() -> bool:
            return len(self.ingest.published.messages) == 2 * sales

        await eventually(all_published)
        async with self.projector.acquire() as connection, connection.transaction():
            await write_batch(connection, self.ingest.published.messages)

    async def rows(self) -> dict[str, list[Any]]:
        """Return the rows of the read models. Counts of the two recent days have minutes too."""
        return {
            table: sorted(
                row[0] for row in await self.ingest.pool.fetch(f"SELECT to_jsonb(t)::text FROM api.{table} AS t")
            )
            for table in COMPARED
        }

    async def rebuild(self) -> Any:
        async with self.owner.post("/api/v1/rebuilds", json={}) as response:
            assert response.status == 202, await response.text()
            return await self.ended((await response.json())["id"])

    async def ended(self, job_id: object) -> Any:
        """Wait for the end of a job, and return it."""
        found: Any = None

        async def ended() -> bool:
            nonlocal found
            async with self.owner.get(f"/api/v1/jobs/{job_id}") as response:
                found = await response.json()
            return found["finished_at"] is not None

        await eventually(ended)
        return found


async def empty(pool: asyncpg.Pool) -> None:
    for table in (*TABLES, *COMPARED):
        await pool.execute(f"DELETE FROM api.{table}")


@pytest.fixture
async def shop(postgres_dsn: str) -> AsyncIterator[Shop]:
    async with (
        running_ingest(postgres_dsn) as ingest,
        open_pool(postgres_dsn, role="orylo_api_projector", max_size=1) as projector,
    ):
        await empty(ingest.pool)
        async with ingest.pool.acquire() as connection:
            tenant = await find_tenant(connection, TENANT)
            keys = [
                (await create_api_key(connection, tenant.id, name=role, role=role, actor=ACTOR)).key
                for role in (Role.OWNER, Role.ANALYST)
            ]
        urls = {"ingest_url": ingest.url, "ingest_private_url": ingest.private_url}
        async with running_api(postgres_dsn, master_key=MASTER_KEY, **urls) as (url, _, _):
            owner, analyst = (aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"}) for key in keys)
            async with owner, analyst:
                yield Shop(ingest, projector, owner, analyst)
        await empty(ingest.pool)


async def test_lost_and_corrupted_rows_are_restored(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        rereading, "SELECT_PUBLISHED", rereading.SELECT_PUBLISHED.replace(f"LIMIT {rereading.PAGE}", "LIMIT 5")
    )
    monkeypatch.setattr(rereading, "PAGE", 5)
    for number in range(SALES):
        await shop.pay(number)
    await shop.project()
    before = await shop.rows()
    assert len(before["payments_view"]) == SALES

    pool = shop.ingest.pool
    await pool.execute("DELETE FROM api.payments_view WHERE payment_id IN ('stripe:pi_1', 'stripe:pi_2')")
    await pool.execute("DELETE FROM api.customers_view")
    await pool.execute(
        "UPDATE api.payments_view SET state = 'failed', amount_minor = 1, currency = 'XXX', details = '{}' "
        "WHERE payment_id = 'stripe:pi_3'"
    )
    await pool.execute("UPDATE api.payment_rollups SET payments = payments + 9")
    await pool.execute("DELETE FROM api.method_rollups")
    assert await shop.rows() != before

    found = await shop.rebuild()

    assert (found["state"], found["error"]) == ("done", None)
    assert found["counts"]["webhooks_read"] == 2 * SALES
    assert found["done"] == found["total"] == 2 * SALES + found["counts"]["days_summed"]
    assert await shop.rows() == before
    # Nothing is published or counted again.
    await shop.rebuild()
    assert await shop.rows() == before
    assert len(shop.ingest.published.messages) == len({each.message_id for each in shop.ingest.published.messages})


async def test_a_rebuild_under_traffic_gives_the_same_as_projecting_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rereading, "SELECT_PUBLISHED", rereading.SELECT_PUBLISHED.replace(f"LIMIT {rereading.PAGE}", "LIMIT 2")
    )
    monkeypatch.setattr(rereading, "PAGE", 2)
    pool, most = shop.ingest.pool, 3 * SALES
    for number in range(SALES):
        await shop.pay(number)
    await shop.project()
    await pool.execute("DELETE FROM api.payments_view WHERE payment_id IN ('stripe:pi_0', 'stripe:pi_5')")
    await pool.execute("UPDATE api.payments_view SET state = 'failed' WHERE payment_id = 'stripe:pi_6'")
    await pool.execute("DELETE FROM api.payment_rollups")

    rebuilding = asyncio.create_task(shop.rebuild())
    during = 0
    for number in range(SALES, most):
        during += not rebuilding.done()
        await shop.pay(number)
        await shop.project(number + 1)
    found = await rebuilding
    rebuilt = await shop.rows()

    assert during > 1
    assert (found["state"], len(rebuilt["payments_view"])) == ("done", most)
    for table in ("claims", "rollups", *COMPARED):
        await pool.execute(f"DELETE FROM api.{table}")
    await shop.project(most)
    assert rebuilt == await shop.rows()


async def test_the_command_restores_rows_and_waits_for_the_end(shop: Shop, postgres_dsn: str) -> None:
    for number in range(SALES):
        await shop.pay(number)
    await shop.project()
    before = await shop.rows()
    await shop.ingest.pool.execute("DELETE FROM api.payments_view")

    async def rebuild_payments(*arguments: str) -> tuple[int | None, bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("orylo"), "rebuild", "payments", *arguments,
            env={**os.environ, "ORYLO_DATABASE_URL": postgres_dsn}, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()
        return process.returncode, output, errors

    code, output, errors = await rebuild_payments(TENANT)
    assert (code, b"read 14 webhooks and summed" in output) == (0, True), errors
    assert await shop.rows() == before
    _, as_json, _ = await rebuild_payments(TENANT, "--json")
    assert orjson.loads(as_json)["counts"]["webhooks_read"] == 2 * SALES
    [line] = await shop.ingest.pool.fetch(
        "SELECT DISTINCT actor_kind, user_agent FROM control.audit_log WHERE action = 'read_models.rebuild'"
        " AND actor_kind = 'command'"
    )
    assert line["user_agent"] == "orylo rebuild payments"
    code, _, errors = await rebuild_payments("no-such-shop")
    assert (code, b"no-such-shop" in errors) == (1, True)


async def test_a_rebuild_whose_replica_died_continues_after_its_last_step(shop: Shop) -> None:
    for number in range(SALES):
        await shop.pay(number)
    await shop.project()
    before, pool = await shop.rows(), shop.ingest.pool
    await pool.execute("DELETE FROM api.payments_view WHERE payment_id = 'stripe:pi_6'")
    await pool.execute("DELETE FROM api.method_rollups")
    [fifth] = await pool.fetch("SELECT * FROM ingest.events ORDER BY created_at, event_id OFFSET 4 LIMIT 1")
    job_id = await pool.fetchval(
        """
        INSERT INTO api.jobs (
            tenant_id, id, kind, state, request, position, done, lease_until, actor_kind, actor, address, user_agent,
            role, created_at
        )
        VALUES ($1, gen_random_uuid(), 'read_models.rebuild', 'running', '{}', $2, 5, now(), 'user', 'ana', '', '',
                'owner', now())
        RETURNING id
        """,
        fifth["tenant_id"],
        {"after": f"{fifth['created_at'].isoformat()},{fifth['event_id']}", "day": None},
    )

    found = await shop.ended(job_id)

    assert (found["state"], found["counts"]["webhooks_read"]) == ("done", 2 * SALES)
    assert await shop.rows() == before


async def test_a_rebuild_is_for_admins_and_runs_once_at_a_time(shop: Shop) -> None:
    async with shop.analyst.post("/api/v1/rebuilds", json={}) as response:
        assert response.status == 403
    await shop.ingest.pool.execute(
        """
        INSERT INTO api.jobs (
            tenant_id, id, kind, state, request, actor_kind, actor, address, user_agent, role, created_at
        )
        SELECT id, gen_random_uuid(), 'read_models.rebuild', 'running', '{}', 'user', 'ana', '', '', 'owner', now()
        FROM control.tenants WHERE slug = $1
        """,
        TENANT,
    )
    async with shop.owner.post("/api/v1/rebuilds", json={}) as response:
        assert (response.status, (await response.json())["code"]) == (409, "already_running")
