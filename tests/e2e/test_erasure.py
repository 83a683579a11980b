"""One person is erased in every service, and another one is untouched."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from orylo_cli.simulate import stripe
from orylo_cli.simulate.buyers import Buyer, buyer
from orylo_cli.target import OWN_ROLE
from orylo_common.hashing import hash_of
from orylo_common.postgres.pool import open_pool
from tests.support.eventually import eventually
from tests.support.shops import Shop, checkout_completed, new_payment, payment_id_of
from tests.support.table_search import tables_with

pytestmark = pytest.mark.e2e

PERSON = replace(buyer(3, 1), email="apagada@pessoa-um.example", phone="987604399", area_code="11", cpf="11144477735")
OTHER = replace(buyer(4, 1), email="fica@pessoa-dois.example", phone="987604388", area_code="11", cpf="52998224725")
CLICKS = {PERSON.email: "oc_" + "Er" * 11, OTHER.email: "oc_" + "Fi" * 11}
# Kept for minutes: messages on their way, and events for open dashboards.
SHORT_LIVED = {"api.stream_events", "bus.messages"}
TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname IN ('ingest', 'detector', 'trust', 'dispatch', 'api')
"""


@pytest.fixture
async def pool(shop: Shop) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(shop.platform.dsn, role=OWN_ROLE, max_size=1) as opened:
        yield opened


def mailed_to(who: Buyer) -> str:
    return f"mailed-to-{who.cpf[::-1]}"


async def visit(shop: Shop, who: Buyer) -> None:
    url = f"{shop.platform.ingest_url}/api/v1/track/{shop.slug}"
    seen = {
        "kind": "click",
        "click_id": CLICKS[who.email],
        "url": "https://shop.example/",
        "email": who.email,
        # Some shops put a person's name or number into the links that they mail.
        "utm_content": mailed_to(who),
    }
    async with shop.http.post(url, json=seen, headers={"User-Agent": f"Firefox of {who.email}"}) as response:
        assert response.status == 202


async def buy(shop: Shop, who: Buyer) -> str:
    """Send the events of a sale, and return its payment's id."""
    payment, now = new_payment(buyer=who, card=who.card), int(time.time())
    payment.metadata["cpf"] = who.cpf
    for body in (stripe.charge_succeeded(payment, now), checkout_completed(payment, now)):
        assert (await shop.send_stripe(body)).status == 202
    return payment_id_of(payment)


async def customer_of(shop: Shop, payment_id: str) -> str:
    found: Any = None

    async def is_known() -> bool:
        nonlocal found
        found = (await shop.get(f"/api/v1/payments/{payment_id}")).body.get("customer_id")
        return found is not None and (await shop.get(f"/api/v1/customers/{found}")).status == 200

    await eventually(is_known)
    return str(found)


async def post(shop: Shop, path: str, body: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {shop.api_key}"}
    async with shop.http.post(shop.platform.api_url + path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def rows_with(pool: asyncpg.Pool, *sought: str) -> dict[str, list[str]]:
    """Return the rows that contain any of the texts, by table."""
    found = {}
    for (table,) in await pool.fetch(TABLES):
        if table in SHORT_LIVED or table.endswith(".outbox"):
            continue
        rows = await pool.fetch(
            f"SELECT t::text FROM {table} AS t WHERE EXISTS (SELECT FROM unnest($1::text[]) AS s WHERE strpos(t::text, s) > 0)",  # noqa: E501
            list(sought),
        )
        if rows:
            found[table] = sorted(row[0] for row in rows)
    return found


async def stable_counts(shop: Shop, customer_id: str) -> Any:
    """Return the counts of a dry run, once all services have stopped writing."""
    counts: Any = None

    async def is_stable() -> bool:
        nonlocal counts
        before, counts = counts, (await post(shop, f"/api/v1/customers/{customer_id}/erase", {"dry_run": True}))[1]
        await asyncio.sleep(0.5)
        return before is not None and before["counts"] == counts["counts"]

    await eventually(is_stable)
    return counts


async def test_one_person_is_erased_in_every_service(shop: Shop, pool: asyncpg.Pool) -> None:
    for who in (PERSON, OTHER):
        await visit(shop, who)
    sale, other_sale = await buy(shop, PERSON), await buy(shop, OTHER)
    for payment_id in (sale, other_sale):
        assert (await shop.conversion(payment_id))["status"] == "dispatched"
        await shop.detections(payment_id, 1)
    customer_id, other_id = await customer_of(shop, sale), await customer_of(shop, other_sale)
    await post(shop, f"/api/v1/customers/{customer_id}/notes", {"text": "prefers the telephone"})
    planned = await stable_counts(shop, customer_id)
    untouched = await rows_with(pool, other_id, other_sale, hash_of(OTHER.email))
    hashed, click_id = hash_of(PERSON.email), CLICKS[PERSON.email]
    texts = (hashed, customer_id, click_id, mailed_to(PERSON), PERSON.email, PERSON.cpf, PERSON.phone)
    assert {table.partition(".")[0] for table in await rows_with(pool, *texts)} == {
        "ingest", "detector", "trust", "dispatch", "api",
    }  # fmt: skip

    path = f"/api/v1/customers/{customer_id}/erase"
    assert (await post(shop, path, {"confirm": other_id}))[0] == 422
    status, started = await post(shop, path, {"confirm": customer_id})
    assert status == 202
    receipt: Any = None

    async def has_ended() -> bool:
        nonlocal receipt
        receipt = await shop.read(f"/api/v1/jobs/{started['job']['id']}")
        return receipt["finished_at"] is not None

    await eventually(has_ended)
    assert (receipt["state"], receipt["error"], receipt["kept_until"]) == ("done", None, None)
    assert receipt["counts"] == {name: count for name, count in planned["counts"].items() if count}
    assert receipt["started_by"] == "tests"

    for text in texts:
        # Who added the note stays in the audit log, with the customer's id.
        kept_in = {"control.audit_log"} if text == customer_id else set()
        assert set(await tables_with(pool, text)) - SHORT_LIVED == kept_in, text
    assert await rows_with(pool, other_id, other_sale, hash_of(OTHER.email)) == untouched
    assert (await shop.get(f"/api/v1/customers/{customer_id}")).status == 404
    assert (await post(shop, path, {"confirm": customer_id}))[0] == 404
    kept = await shop.read(f"/api/v1/payments/{sale}")
    assert (kept["customer_id"], kept["state"], kept["amount_minor"]) == (None, "succeeded", 9700)
    assert (await shop.detections(sale, 1))[0]["decision"] == "allow"
    assert (await shop.conversion(sale))["status"] == "dispatched"

    again = await buy(shop, PERSON)
    assert await customer_of(shop, again) == customer_id
    history = (await shop.read(f"/api/v1/customers/{customer_id}"))["history"]
    assert {entry["payment_id"] for entry in history if entry["kind"] == "payment"} == {again}
