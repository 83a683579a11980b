"""A gateway's events may arrive in any order; the platform always ends in the same state."""

import asyncio
import hmac
import re
import time
from datetime import UTC, datetime, timedelta
from itertools import count as numbered
from itertools import permutations
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from tests.support.eventually import eventually
from tests.support.shops import Shop, stripe_signature
from tests.unit.ingest.given import body_of

pytestmark = pytest.mark.e2e

# A gateway's events about one purchase, in the order in which they happened, and the payment's final state.
STORIES = [
    ("stripe", ["charge.succeeded", "charge.refunded"], "refunded"),
    ("stripe", ["charge.succeeded", "charge.refunded.partial", "charge.refunded"], "refunded"),
    ("stripe", ["charge.succeeded", "charge.dispute.created", "charge.dispute.closed.lost"], "chargeback"),
    ("stripe", ["charge.succeeded", "radar.early_fraud_warning.created"], "succeeded"),
    ("hotmart", ["v2_purchase_approved", "v2_purchase_refunded"], "refunded"),
    ("hotmart", ["v2_purchase_approved", "v2_purchase_protest", "v2_purchase_chargeback"], "chargeback"),
    ("kiwify", ["order_approved_card", "order_refunded"], "refunded"),
    ("kiwify", ["order_approved_card", "chargeback"], "chargeback"),
    ("perfectpay", ["approved_card", "refunded"], "refunded"),
    ("perfectpay", ["approved_card", "in_mediation", "charged_back"], "chargeback"),
]
# The values in the fixtures that identify the purchase and its buyer, and their replacements for purchase `number`.
REPLACEMENTS = {
    "3TstExampleCard0001": "3Tst{:06}",
    "3TstExample0000": "3TstEvent{:06}x",
    "1TstExampleDisp0001": "1TstDispute{:06}",
    "1TstExample000001": "1TstWarning{:06}",
    "cus_TstMarianaSouza01": "cus_Tst{:06}",
    "Tst0FingerPrint01": "Tst0Finger{:06}",
    "HP2603101001": "HP26{:06}",
    "05e0d3f4": "{:08x}",
    "6f1c2b34-9a0d-4c1e-8f55-0a1b2c3d4e01": "6f1c2b34-9a0d-4c1e-8f55-{:012x}",
    "PPCPMTBEXMPL01": "PPCPMTB{:06}",
    "mariana.souza@": "buyer.{}@",
    "11144477735": "39053{:06}",
    "987650001": "987{:06}",
    "98765-0001": "9{:04}-0001",
    "1098115397": "1098{:06}",
    "203.0.113.24": "198.51.100.{}",
    "2001:db8:85a3::8a2e:370:7334": "2001:db8:85a3:{:x}::1",
}
PAYMENT_IDS = {
    "stripe": "stripe:pi_3Tst{:06}",
    "hotmart": "hotmart:HP26{:06}",
    "kiwify": "kiwify:6f1c2b34-9a0d-4c1e-8f55-{:012x}",
    "perfectpay": "perfectpay:PPCPMTB{:06}",
}
PERFECTPAYS_TOKEN = "pp-fixture-token-not-a-secret-01"

# The time of the fixtures' purchase and of ours. Later events are moved closer: months become less than an hour.
THEN, NOW = 1773163351, int(time.time()) - 3600 * 2
FASTER = 2000
BRAZIL = timedelta(hours=-3)

purchases = numbered(1)

ALL_AT_REST = """
    SELECT (SELECT count(*) FROM ingest.outbox) + (SELECT count(*) FROM detector.outbox)
         + (SELECT count(*) FROM trust.outbox) + (SELECT count(*) FROM dispatch.outbox)
         + (SELECT count(*) FROM bus.deliveries)
         + (SELECT count(*) FROM dispatch.deliveries WHERE state IN ('held', 'pending')) = 0
"""
# A partial refund that is reported after the full one has no entry of its own.
LEDGER = "SELECT cause, sum(points) FROM trust.ledger WHERE payment_id = $1 GROUP BY 1 ORDER BY 1"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop_with_all_gateways(shop: Shop) -> Shop:
    """The shop with all four gateways enabled. It blocks nothing, although its buyers dispute most payments."""
    await asyncio.to_thread(shop.platform.orylo, "settings", "set", shop.slug, "detector", "block_at=101")
    for gateway in ("kiwify", "perfectpay"):
        arguments = ("gateway", "set", shop.slug, gateway, "--secret-stdin")
        await asyncio.to_thread(shop.platform.orylo, *arguments, text=shop.secret)

    async def are_known() -> bool:
        return {(await shop.send_webhook(gateway, b"{}", {})).status for gateway in ("kiwify", "perfectpay")} == {401}

    await eventually(are_known)
    return shop


def event(shop: Shop, gateway: str, name: str, number: int) -> bytes:
    """Turn the fixture into an event of purchase `number`, made two hours ago."""
    body = body_of(f"{gateway}/{name}.json").decode().replace(PERFECTPAYS_TOKEN, shop.secret)
    for original, replacement in REPLACEMENTS.items():
        body = body.replace(original, replacement.format(number))
    body = re.sub(r"(?<!\d)177\d{7}(\d{3})?(?!\d)", lambda found: str(moved(found.group())), body)
    body = re.sub(r"2026-0[34]-\d\d \d\d:\d\d", lambda found: moved_local(found.group()), body)
    return body.replace('"livemode": false', '"livemode": true').encode()


def moved(number: str) -> int:
    """Move a Unix time in seconds or milliseconds."""
    unit = 1000 if len(number) == 13 else 1
    return (NOW + (int(number) // unit - THEN) // FASTER) * unit


def moved_local(text: str) -> str:
    then = datetime.fromisoformat(text).replace(tzinfo=UTC) - BRAZIL
    now = datetime.fromtimestamp(moved(str(int(then.timestamp()))), UTC) + BRAZIL
    return now.strftime("%Y-%m-%d %H:%M")


async def send(shop: Shop, gateway: str, body: bytes) -> None:
    headers = {}
    if gateway == "stripe":
        headers = {"Stripe-Signature": stripe_signature(body, shop.secret)}
    elif gateway == "hotmart":
        headers = {"X-HOTMART-HOTTOK": shop.secret}
    url = f"{shop.platform.ingest_url}/api/v1/webhooks/{gateway}/{shop.slug}"
    if gateway == "kiwify":
        url += f"?signature={hmac.digest(shop.secret.encode(), body, 'sha1').hex()}"
    async with shop.http.post(url, data=body, headers=headers) as response:
        assert response.status == 202, await response.text()


async def states_after(shop: Shop, gateway: str, orders: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    """Send the events of a new purchase in each order. Return the purchases' final states.

    The purchases advance together: each event is sent once the previous ones of all are fully processed.
    """
    numbers = [next(purchases) for _ in orders]
    connection = await asyncpg.connect(shop.platform.dsn)
    try:
        for names in zip(*orders, strict=True):
            for number, name in zip(numbers, names, strict=True):
                await send(shop, gateway, event(shop, gateway, name, number))
            await eventually(lambda: connection.fetchval(ALL_AT_REST))
        return [await state_of(shop, connection, gateway, number) for number in numbers]
    finally:
        await connection.close()


async def state_of(shop: Shop, connection: asyncpg.Connection, gateway: str, number: int) -> dict[str, Any]:
    payment_id = PAYMENT_IDS[gateway].format(number)
    ledger = [tuple(row) for row in await connection.fetch(LEDGER, payment_id)]
    payment = await shop.read(f"/api/v1/payments/{payment_id}")
    customer = await shop.read(f"/api/v1/customers/{payment['customer_id']}")
    conversions = (await shop.read("/api/v1/conversions", payment_id=payment_id))["items"]
    # PerfectPay does not send the time of a refund or a dispute: the time is that of the webhook's arrival.
    # The risk depends on what is known of the customer when the payment is decided.
    own = {"id", "customer_id", "decision"} | ({"updated_at"} if gateway == "perfectpay" else set())
    return {
        "payment": {key: value for key, value in payment.items() if key not in own},
        "ledger": ledger,
        "customer": (customer["trust_score"], customer["status"]),
        "conversions": [(each["destination"], each["status"], each["amount_minor"]) for each in conversions],
    }


@pytest.mark.parametrize(("gateway", "story", "state"), STORIES)
async def test_any_order_ends_in_the_same_state(
    shop_with_all_gateways: Shop, gateway: str, story: list[str], state: str
) -> None:
    in_order, *others = await states_after(shop_with_all_gateways, gateway, [*permutations(story)])

    assert in_order["payment"]["state"] == state
    assert in_order["ledger"]
    assert [status for _, status, _ in in_order["conversions"]] == ["dispatched"]
    for other in others:
        assert other == in_order
