"""A merchant's own system asks for a decision on a payment."""

import hashlib
import time
from functools import partial
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest

from orylo_cli.simulate import stripe
from tests.support.eventually import eventually
from tests.support.shops import Shop, new_payment, payment_id_of

pytestmark = pytest.mark.e2e

URL = "/api/v1/detections/evaluate"


async def ask(shop: Shop, http: aiohttp.ClientSession, *, key: str | None = None, **body: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {shop.api_key}"} | ({"Idempotency-Key": key} if key else {})
    payment = {"amount_minor": 19790, "currency": "BRL", "payment_method": "card", **body}
    async with http.post(f"{shop.platform.api_url}{URL}", json=payment, headers=headers) as response:
        return response.status, await response.json()


async def stored(shop: Shop) -> tuple[int, ...]:
    """Count what decisions leave behind."""
    connection = await asyncpg.connect(shop.platform.dsn)
    try:
        row = await connection.fetchrow(
            """SELECT (SELECT count(*) FROM detector.detections WHERE tenant_id = t.id),
                      (SELECT count(*) FROM detector.recent_payments WHERE tenant_id = t.id)
               FROM control.tenants AS t WHERE t.slug = $1""",
            shop.slug,
        )
    finally:
        await connection.close()
    assert row is not None
    return tuple(row)


async def test_a_payment_is_decided_recorded_and_shown(shop: Shop, http: aiohttp.ClientSession) -> None:
    email = f"{uuid4().hex}@example.com"
    status, decision = await ask(
        shop,
        http,
        customer={"email": email.upper()},
        card={"fingerprint": uuid4().hex, "country": "BR"},
        ip="192.0.2.7",
    )

    assert status == 200, decision
    assert (decision["decision"], decision["dry_run"]) == ("allow", False)
    assert sum(each["points"] for each in decision["points"]) == decision["risk_score"]
    (found,) = await shop.detections(decision["payment_id"], 1)
    assert (found["id"], found["gateway"], found["payment_type"]) == (decision["id"], "api", "payment.created.v1")
    # The customer is the one whom a webhook with the same address names.
    _, again = await ask(shop, http, customer={"email": hashlib.sha256(email.encode()).hexdigest()})
    (other,) = await shop.detections(again["payment_id"], 1)
    assert other["customer_id"] == found["customer_id"] is not None


async def test_a_burst_of_attempts_with_one_card_is_blocked(shop: Shop, http: aiohttp.ClientSession) -> None:
    card = {"fingerprint": uuid4().hex}
    decisions = [(await ask(shop, http, card=card))[1] for _ in range(12)]

    assert decisions[0]["decision"] == "allow"
    assert decisions[-1]["decision"] == "block"
    assert "velocity.card.1m" in decisions[-1]["reasons"]


async def test_a_dry_run_leaves_no_trace(shop: Shop, http: aiohttp.ClientSession) -> None:
    card = {"fingerprint": uuid4().hex}
    before = await stored(shop)
    decisions = [(await ask(shop, http, card=card, dry_run=True))[1] for _ in range(12)]

    assert {(each["decision"], each["id"], each["dry_run"]) for each in decisions} == {("allow", None, True)}
    assert await stored(shop) == before
    # Its attempts do not count either.
    assert (await ask(shop, http, card=card))[1]["decision"] == "allow"


async def test_the_rules_that_are_true_of_the_payment_are_named(shop: Shop, http: aiohttp.ClientSession) -> None:
    headers = {"Authorization": f"Bearer {shop.api_key}"}
    draft = {"name": "Huge", "expression": "payment.amount > 900000", "action": {"kind": "block"}, "mode": "shadow"}
    async with http.post(f"{shop.platform.api_url}/api/v1/rules", json=draft, headers=headers) as response:
        assert response.status == 201, await response.text()
    ask_huge = partial(ask, shop, http, amount_minor=90_000_100)

    async def applies() -> bool:
        return bool((await ask_huge(dry_run=True))[1]["rules"])

    await eventually(applies)
    (_, trial), (_, decided) = await ask_huge(dry_run=True), await ask_huge()
    assert [(each["name"], each["mode"], each["otherwise"]) for each in trial["rules"]] == [("Huge", "shadow", "block")]
    (stored_decision,) = await shop.detections(decided["payment_id"], 1)
    assert decided["rules"] == trial["rules"] == stored_decision["rules"]
    # The payment's newest decision is read from the database if the request adds nothing to it.
    _, repeated = await ask_huge(payment_id=decided["payment_id"], dry_run=True)
    assert repeated["rules"] == decided["rules"]


async def test_a_repeated_request_gets_the_first_response(shop: Shop, http: aiohttp.ClientSession) -> None:
    key, card = uuid4().hex, {"fingerprint": uuid4().hex}
    answers = [await ask(shop, http, key=key, card=card) for _ in range(3)]

    assert [status for status, _ in answers] == [200] * 3
    assert answers[0] == answers[1] == answers[2]
    status, problem = await ask(shop, http, key=key, card=card, amount_minor=1)
    assert (status, problem["code"]) == (409, "idempotency_key_reused")


async def test_the_webhooks_of_the_payment_continue_it(shop: Shop, http: aiohttp.ClientSession) -> None:
    payment = new_payment()
    payment_id = payment_id_of(payment)
    _, first = await ask(shop, http, payment_id=payment_id, ip="192.0.2.9")
    await shop.send_stripe(stripe.intent_succeeded(payment, int(time.time())))

    await shop.detections(payment_id, 2)
    (current,) = await shop.detections(payment_id, 1, current="true")
    assert (current["payment_type"], current["replaces"]) == ("payment.succeeded.v1", first["id"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount_minor": -1}, "body.amount_minor"),
        ({"currency": "reais"}, "body.currency"),
        ({"ip": "not an address"}, "body.ip"),
        ({"customer": {"email": "nobody"}}, "body.customer.email"),
        ({"customer": {"phone": "987654321"}}, "body.customer.phone"),
        ({"card": {"number": "4242424242424242"}}, "body.card.number"),
    ],
)
async def test_an_invalid_payment_is_refused(
    shop: Shop, http: aiohttp.ClientSession, body: dict[str, Any], field: str
) -> None:
    status, problem = await ask(shop, http, **body)

    assert (status, [each["field"] for each in problem["errors"]]) == (422, [field])
    assert "4242424242424242" not in str(problem)
