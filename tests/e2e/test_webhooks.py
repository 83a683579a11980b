"""Ingest accepts authentic webhooks, rejects others, and counts several events of one sale once."""

import asyncio
import hashlib
import hmac
import secrets
import time
from datetime import UTC, datetime
from itertools import permutations

import orjson
import pytest

from orylo_cli.simulate import hotmart, stripe
from orylo_common.webhook_signing import HOTTOK_HEADER
from tests.support.eventually import eventually
from tests.support.meta_process import MetaProcess
from tests.support.shops import (
    Shop,
    checkout_completed,
    count,
    new_payment,
    new_purchase,
    payment_id_of,
    set_mode,
    stripe_signature,
)

pytestmark = pytest.mark.e2e

STORED = "SELECT count(*) FROM ingest.events e JOIN control.tenants t ON t.id = e.tenant_id WHERE t.slug = $1"
TOLERANCE_S = 300


async def test_a_signature_of_stripes_library_is_accepted(shop: Shop, meta: MetaProcess) -> None:
    payment = new_payment()

    answer = await shop.send_stripe(stripe.intent_succeeded(payment, int(time.time())))

    assert answer.status == 202
    assert answer.body["status"] == "accepted"
    (detection,) = await shop.detections(payment_id_of(payment), 1)
    assert detection["event_id"] == answer.body["event_id"]
    assert (await shop.conversion(payment_id_of(payment)))["status"] == "dispatched"
    assert meta.counted()[payment_id_of(payment)] == 1


async def test_an_unauthenticated_webhook_is_rejected_with_a_reason_and_not_stored(shop: Shop) -> None:
    body = stripe.intent_succeeded(new_payment(), int(time.time()))
    signature = stripe_signature(body, shop.secret)
    before = await count(shop.platform, STORED, shop.slug)
    rejections = {
        # The same JSON, but other bytes.
        "signature_mismatch": (orjson.dumps(orjson.loads(body)), {"Stripe-Signature": signature}),
        "signature_mismatch ": (body, {"Stripe-Signature": stripe_signature(body, "whsec_of_another")}),
        "timestamp_too_old": (
            body,
            {"Stripe-Signature": stripe_signature(body, shop.secret, int(time.time()) - TOLERANCE_S - 5)},
        ),
        "signature_missing": (body, {}),
        "signature_malformed": (body, {"Stripe-Signature": "t=now,v1="}),
    }
    for code, (sent, headers) in rejections.items():
        answer = await shop.send_webhook("stripe", sent, headers)
        assert (answer.status, answer.body["code"]) == (401, code.strip())
        assert len(answer.body["detail"]) > 20

    # The same bytes with a valid signature are accepted.
    assert (await shop.send_webhook("stripe", body, {"Stripe-Signature": signature})).status == 202
    assert await count(shop.platform, STORED, shop.slug) == before + 1


async def test_fifty_at_once_have_one_effect(shop: Shop, meta: MetaProcess) -> None:
    payment = new_payment()
    payment_id = payment_id_of(payment)
    body = stripe.intent_succeeded(payment, int(time.time()))

    answers = await asyncio.gather(*(shop.send_stripe(body) for _ in range(50)))

    assert sorted(answer.status for answer in answers) == [200] * 49 + [202]
    assert sorted(answer.body["status"] for answer in answers) == ["accepted"] + ["duplicate"] * 49
    (event_id,) = {answer.body["event_id"] for answer in answers}
    assert (await shop.conversion(payment_id))["status"] == "dispatched"
    await shop.detections(payment_id, 1)
    await wait_and_count_once(shop, payment_id, event_id)
    assert meta.datasets()[shop.pixel_id]["event_ids"][payment_id] == 1


async def wait_and_count_once(shop: Shop, payment_id: str, event_id: str) -> None:
    """Check that there is one row of each kind. A duplicate would be written together with the first row."""
    rows = {
        "SELECT count(*) FROM ingest.events WHERE event_id::text = $1": event_id,
        "SELECT count(*) FROM detector.detections WHERE payment_id = $1": payment_id,
        "SELECT count(*) FROM trust.ledger WHERE payment_id = $1": payment_id,
        "SELECT count(*) FROM dispatch.deliveries WHERE payment_id = $1": payment_id,
    }

    async def written() -> bool:
        return all([await count(shop.platform, query, value) >= 1 for query, value in rows.items()])

    await eventually(written)
    assert [await count(shop.platform, query, value) for query, value in rows.items()] == [1, 1, 1, 1]


async def test_the_same_id_with_another_body_is_recorded_as_a_conflict(shop: Shop) -> None:
    payment = new_payment()
    now = int(time.time())
    first = await shop.send_stripe(stripe.intent_succeeded(payment, now))
    other = orjson.loads(stripe.intent_succeeded(payment, now))
    other["data"]["object"] |= {"amount": 1, "amount_received": 1}

    second = await shop.send_stripe(orjson.dumps(other))

    assert (first.status, second.status) == (202, 200)
    assert second.body == {"status": "duplicate", "event_id": first.body["event_id"]}
    by_status = "SELECT count(*) FROM ingest.events WHERE gateway_event_id = $1 AND status = $2"
    for status in ("published", "conflict"):
        assert await count(shop.platform, by_status, other["id"], status) == 1
    # The first webhook wins.
    (detection,) = await shop.detections(payment_id_of(payment), 1)
    assert detection["amount_minor"] == payment.amount_minor


async def test_many_events_of_one_purchase_are_one_sale_in_any_order(shop: Shop, meta: MetaProcess) -> None:
    events = (stripe.intent_created, stripe.charge_succeeded, stripe.intent_succeeded, checkout_completed)
    payments = []
    for order in permutations(events):
        payment, now = new_payment(), int(time.time())
        payments.append(payment)
        answers = [await shop.send_stripe(build(payment, now)) for build in order]
        assert [answer.status for answer in answers] == [202] * 4

    for payment_id in map(payment_id_of, payments):
        assert (await shop.conversion(payment_id))["status"] == "dispatched"
        (current,) = await shop.detections(payment_id, 1, current="true")
        assert (current["payment_type"], current["customer_id"] is None) == ("payment.succeeded.v1", False)
        published = "SELECT count(*) FROM ingest.events WHERE payment_id = $1 AND status = $2"
        assert await count(shop.platform, published, payment_id, "published") == 2
        assert await count(shop.platform, published, payment_id, "already_reported") == 2
        assert meta.datasets()[shop.pixel_id]["event_ids"][payment_id] == 1
        assert (await shop.read(f"/api/v1/payments/{payment_id}"))["state"] == "succeeded"


async def test_a_buyer_named_only_by_the_later_event_is_sent_to_meta(shop: Shop, meta: MetaProcess) -> None:
    payment, now = new_payment(), int(time.time())
    intent = orjson.loads(stripe.intent_succeeded(payment, now))
    intent["data"]["object"] |= {"receipt_email": None, "customer": None, "metadata": {}}
    for body in (orjson.dumps(intent), stripe.charge_succeeded(payment, now)):
        assert (await shop.send_stripe(body)).status == 202

    payment_id = payment_id_of(payment)
    assert (await shop.conversion(payment_id))["status"] == "dispatched"
    (sent,) = [event for event in meta.datasets()[shop.pixel_id]["latest"] if event["event_id"] == payment_id]
    assert sent["user_data"]["em"] == [hashlib.sha256(payment.buyer.email.lower().encode()).hexdigest()]

    # The sale is decided again, with the buyer.
    blind, informed = sorted(await shop.detections(payment_id, 2), key=lambda each: each["version"])
    assert (blind["customer_id"], blind["replaced_by"]) == (None, informed["id"])
    assert (informed["replaces"], informed["replaced_by"]) == (blind["id"], None)
    assert informed["customer_id"] == (await shop.read(f"/api/v1/payments/{payment_id}"))["customer_id"]
    assert "trust_history.new_customer" in informed["reasons"]


async def test_hotmart_is_authenticated_by_its_token(shop: Shop, meta: MetaProcess) -> None:
    purchase = new_purchase()
    body = hotmart.webhook(purchase, "PURCHASE_APPROVED", int(time.time() * 1000))
    before = await count(shop.platform, STORED, shop.slug)

    for headers, code in (({}, "token_missing"), ({HOTTOK_HEADER: "another"}, "token_mismatch")):
        rejected = await shop.send_webhook("hotmart", body, headers)
        assert (rejected.status, rejected.body["code"]) == (401, code)
    assert await count(shop.platform, STORED, shop.slug) == before

    assert (await shop.send_webhook("hotmart", body, {HOTTOK_HEADER: shop.secret})).status == 202
    conversion = await shop.conversion(f"hotmart:{purchase.transaction}")
    assert (conversion["status"], conversion["amount_minor"]) == ("dispatched", 9700)


async def test_a_relays_simplified_body_is_accepted_by_its_signature(shop: Shop) -> None:
    order_id = f"HP{secrets.token_hex(6)}"
    body = orjson.dumps(
        {
            "order_id": order_id,
            "customer": {"email": f"{order_id.lower()}@example.com", "phone": "+5511987650123"},
            "amount": 97.00,
            "currency": "BRL",
            "status": "approved",
            "event_time": datetime.now(UTC).isoformat(),
            "product_id": "4711",
        }
    )
    signature = f"sha256={hmac.new(shop.secret.encode(), body, hashlib.sha256).hexdigest()}"
    await set_mode(shop, "hmac")
    try:
        rejected = await shop.send_webhook("hotmart", body, {"X-Signature": f"sha256={'0' * 64}"})
        by_token = await shop.send_webhook("hotmart", body, {HOTTOK_HEADER: shop.secret})
        accepted = await shop.send_webhook("hotmart", body, {"X-Signature": signature})
    finally:
        await set_mode(shop, "native")

    assert (rejected.status, rejected.body["code"]) == (401, "signature_mismatch")
    assert (by_token.status, by_token.body["code"]) == (401, "signature_missing")
    assert accepted.status == 202
    assert (await shop.conversion(f"hotmart:{order_id}"))["status"] == "dispatched"


async def test_unknown_targets_are_not_found(shop: Shop) -> None:
    """A gateway that the shop has not enabled, an unknown gateway, and an unknown shop."""
    body = stripe.intent_succeeded(new_payment(), int(time.time()))
    url = f"{shop.platform.ingest_url}/api/v1/webhooks"
    answers = []
    for path in (f"kiwify/{shop.slug}", f"nobody/{shop.slug}", "stripe/no-such-shop"):
        headers = {"Stripe-Signature": stripe_signature(body, shop.secret)}
        async with shop.http.post(f"{url}/{path}", data=body, headers=headers) as response:
            answers.append((response.status, await response.text()))
    # The answers must not reveal which shops exist.
    assert {status for status, _ in answers} == {404}
    assert len({text for _, text in answers}) == 1
