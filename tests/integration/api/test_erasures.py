"""Erasing a person: who may, once at a time, all customer ids, and what waits to be sent."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from orylo_api.erasures import job
from orylo_api.jobs import runner
from orylo_api.projection.retention import delete_old
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionMatched, ConversionSuppressed, PaymentSucceeded, decode
from tests.integration.api.conftest import Api, Shop, empty, make_shop
from tests.support.eventually import eventually
from tests.unit.api.builders import conversion, customer_merged, payment, trust_updated

pytestmark = pytest.mark.integration

PERSON, ALSO, OTHER = "cus_a1", "cus_a2", "cus_b"
TABLES = ("jobs", "payments_view", "customers_view", "conversions_view", "customer_merges", "claims")
ADD_EVENT = """
    INSERT INTO ingest.events
        (tenant_id, event_id, gateway, gateway_event_type, status, payment_id, payload, body_sha256, occurred_at)
    VALUES ($1, gen_random_uuid(), 'stripe', 'any', 'published', $2, '{"email": "a hash"}', '', now())
"""
ADD_DELIVERY = """
    INSERT INTO dispatch.deliveries (
        delivery_id, tenant_id, destination_id, destination_kind, payment_id, event_name, event_id, correlation_id,
        paid_at, amount_minor, currency, match_method, match_confidence, click_id, conversion, state, due_at
    ) VALUES ($1, $2, gen_random_uuid(), 'meta', $3, 'Purchase', 'evt_1', gen_random_uuid(), now(), 1250, 'BRL',
              'click_id', 0.99, 'clk_1', $4, $5, now() + interval '1 hour')
"""
CONVERSION = {
    "payment_id": "stripe:pi_a1", "amount_minor": 1250, "currency": "BRL", "customer_id": PERSON, "ip": "203.0.113.7",
    "match_keys": {"email": "0" * 64}, "user_agent": "Firefox", "fbp": "fb.1.2.3",
}  # fmt: skip


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    yield
    await empty(api.pool, *TABLES)


@pytest.fixture
async def shop(api: Api) -> Shop:
    """A shop with a person of two customers, and another person, with a payment each."""
    made = await make_shop(api.pool, f"loja-{uuid7().hex}")
    tenant = {"tenant_id": made.tenant.id}
    for customer_id in (PERSON, ALSO, OTHER):
        paid = payment(PaymentSucceeded, **tenant, customer_id=customer_id, payment_id=payment_of(customer_id))
        await api.project(paid, trust_updated(**tenant, customer_id=customer_id))
        await api.pool.execute(ADD_EVENT, made.tenant.id, paid.payment_id)
    for customer_id in (PERSON, ALSO):
        await api.project(customer_merged(**tenant, customer_id=customer_id, people=(PERSON, ALSO)))
    return made


def payment_of(customer_id: str) -> str:
    return f"stripe:pi_{customer_id.removeprefix('cus_')}"


async def ask(api: Api, shop: Shop, customer_id: str = PERSON, **body: Any) -> tuple[int, Any]:
    async with api.client(shop.bearer).post(f"/api/v1/customers/{customer_id}/erase", json=body) as response:
        return response.status, await response.json()


async def erase(api: Api, shop: Shop) -> asyncpg.Record:
    """Erase the person, and return the job's row."""
    status, started = await ask(api, shop, confirm=PERSON)
    assert status == 202, started
    return await ended(api, started["job"]["id"])


async def ended(api: Api, job_id: str) -> asyncpg.Record:
    row: asyncpg.Record | None = None

    async def has_ended() -> bool:
        nonlocal row
        row = await api.pool.fetchrow("SELECT * FROM api.jobs WHERE id = $1", UUID(job_id))
        return row is not None and row["finished_at"] is not None

    await eventually(has_ended)
    assert row is not None
    return row


async def payloads(api: Api, shop: Shop) -> dict[str, Any]:
    rows = await api.pool.fetch("SELECT payment_id, payload FROM ingest.events WHERE tenant_id = $1", shop.tenant.id)
    return {row["payment_id"]: row["payload"] for row in rows}


async def test_all_customers_of_the_person_are_erased(api: Api, shop: Shop) -> None:
    status, plan = await ask(api, shop, dry_run=True)
    assert (status, plan["people"], plan["payments"], plan["job"]) == (202, [PERSON, ALSO], 2, None)
    assert (plan["counts"]["ingest.webhooks"], plan["counts"]["api.customers"]) == (2, 2)
    assert {} not in (await payloads(api, shop)).values(), "a dry run erases nothing"

    receipt = await erase(api, shop)
    assert (receipt["state"], receipt["request"], receipt["done"]) == ("done", {}, receipt["total"])
    assert receipt["counts"] == {name: count for name, count in plan["counts"].items() if count}
    stored = await payloads(api, shop)
    assert [stored[payment_of(each)] for each in (PERSON, ALSO, OTHER)] == [{}, {}, {"email": "a hash"}]
    client = api.client(shop.bearer)
    statuses = [(await client.get(f"/api/v1/customers/{each}")).status for each in (PERSON, ALSO, OTHER)]
    assert statuses == [404, 404, 200]
    line = await api.pool.fetchrow(
        "SELECT actor, subject, after FROM control.audit_log WHERE tenant_id = $1 AND action = 'customer.erase'",
        shop.tenant.id,
    )
    assert tuple(line or ()) == ("machine", f"job {receipt['id']}", {"payments": 2})


async def test_the_customers_id_is_typed_to_confirm(api: Api, shop: Shop) -> None:
    for body in ({}, {"confirm": ALSO}):
        assert (await ask(api, shop, **body))[0] == 422
    assert not await api.pool.fetchval("SELECT true FROM api.jobs WHERE tenant_id = $1", shop.tenant.id)


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 202), (Role.ANALYST, 403), (Role.VIEWER, 403)])
async def test_only_owners_and_admins_may(api: Api, shop: Shop, role: Role, status: int) -> None:
    user = await api.user(shop, role, f"{role}@{shop.tenant.slug}.example")
    assert (await ask(api, user, dry_run=True))[0] == status


async def test_another_tenants_customer_is_unknown(api: Api, shop: Shop) -> None:
    assert (await ask(api, api.b, confirm=PERSON))[0] == 404
    assert {} not in (await payloads(api, shop)).values()


async def test_a_locked_row_delays_it_and_a_second_request_is_refused(
    api: Api, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that fails is repeated, and counts once. Steps that are done are not."""
    monkeypatch.setattr(runner, "AFTER_OUTAGE", runner.AFTER_OUTAGE / 50)
    async with api.pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM ingest.events WHERE tenant_id = $1 FOR UPDATE", shop.tenant.id)
        _, started = await ask(api, shop, confirm=PERSON)
        await asyncio.sleep(0.5)
        status, refused = await ask(api, shop, ALSO, confirm=ALSO)
        assert (status, refused["code"]) == (409, "already_running")

        async def was_repeated() -> bool:
            state = "SELECT state = 'running' AND position = '3' FROM api.jobs WHERE id = $1"
            return bool(await api.pool.fetchval(state, UUID(started["job"]["id"])))

        await eventually(was_repeated)
        # Longer than a statement may take.
        await asyncio.sleep(5.5)
    receipt = await ended(api, started["job"]["id"])
    assert (receipt["state"], receipt["counts"]["ingest.webhooks"]) == ("done", 2)


async def test_a_run_continues_after_its_last_step(api: Api, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "CHUNK", 1)
    receipt = await erase(api, shop)
    assert (receipt["state"], receipt["total"], receipt["counts"]["ingest.webhooks"]) == ("done", 10, 2)
    await api.pool.execute(
        "UPDATE api.jobs SET state = 'running', finished_at = NULL, lease_until = now() WHERE id = $1", receipt["id"]
    )
    again = await ended(api, str(receipt["id"]))
    assert (again["state"], again["counts"]) == ("done", receipt["counts"])


@pytest.mark.parametrize("state", ["held", "pending"])
async def test_a_conversion_that_waits_is_never_sent(api: Api, shop: Shop, state: str) -> None:
    given = {"payment_id": payment_of(PERSON), "tenant_id": shop.tenant.id}
    matched = conversion(ConversionMatched, **given)
    await api.project(matched)
    sent_id, waiting_id = uuid7(), matched.conversion_id
    for delivery_id, in_state in ((waiting_id, state), (sent_id, "dispatched")):
        await api.pool.execute(ADD_DELIVERY, delivery_id, shop.tenant.id, payment_of(PERSON), CONVERSION, in_state)
    receipt = await erase(api, shop)
    assert (receipt["counts"]["dispatch.stopped"], receipt["counts"]["dispatch.conversions"]) == (1, 2)
    rows = await api.pool.fetch(
        "SELECT state, reason, click_id, conversion FROM dispatch.deliveries WHERE tenant_id = $1 ORDER BY state",
        shop.tenant.id,
    )
    kept = {"payment_id": "stripe:pi_a1", "amount_minor": 1250, "currency": "BRL"}
    assert [tuple(row) for row in rows] == [("dispatched", None, None, kept), ("suppressed", "erased", None, kept)]


async def test_the_stop_is_announced_as_dispatch_does(api: Api, shop: Shop) -> None:
    """In a transaction that is undone, because the running dispatch publishes the message at once."""
    delivery_id = uuid7()
    await api.pool.execute(ADD_DELIVERY, delivery_id, shop.tenant.id, payment_of(PERSON), CONVERSION, "pending")
    async with api.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT set_config('orylo.tenant_id', $1, true)", str(shop.tenant.id))
        await connection.fetch(job.ERASE["dispatch"], [PERSON], [payment_of(PERSON)])
        about = "SELECT body FROM dispatch.outbox WHERE strpos(convert_from(body, 'UTF8'), $1) > 0"
        body = await connection.fetchval(about, str(delivery_id))
        await transaction.rollback()
    message = decode(body)
    assert isinstance(message, ConversionSuppressed)
    assert (message.conversion_id, message.reason, message.tenant_id) == (delivery_id, "erased", shop.tenant.id)


async def test_a_receipt_is_kept_and_a_failed_erasure_is_not(api: Api, shop: Shop) -> None:
    receipt = await erase(api, shop)
    copy = "INSERT INTO api.jobs SELECT (jsonb_populate_record(j, $2)).* FROM api.jobs AS j WHERE id = $1"
    await api.pool.execute(copy, receipt["id"], {"id": str(uuid7()), "state": "failed"})
    await api.pool.execute("UPDATE api.jobs SET finished_at = now() - interval '91 days'")
    async with api.projector.acquire() as connection, connection.transaction():
        await delete_old(connection)
    left = await api.pool.fetch("SELECT id FROM api.jobs WHERE tenant_id = $1", shop.tenant.id)
    assert [row["id"] for row in left] == [receipt["id"]]
