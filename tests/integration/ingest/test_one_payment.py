"""One purchase reported by many events, in every order and at the same time, is one successful payment."""

import asyncio
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from itertools import permutations

import pytest

from orylo_common.messages import PaymentSucceeded
from orylo_ingest.gateways import GATEWAYS
from tests.integration.ingest.running import SECRET, TENANT, Ingest, running_ingest, stripe_signature
from tests.support.eventually import eventually
from tests.unit.ingest.given import body_of

pytestmark = pytest.mark.integration

# The fixtures that report a paid purchase, and the ids in them to replace: `{}` is the number of purchase or event.
REPORTS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "stripe": (
        ("payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"),
        {"pi_3TstExampleCard0001": "pi_sale{}", "evt_3": "evt_{}"},
    ),
    "hotmart": (
        ("v2_purchase_approved", "v2_purchase_complete", "v1_purchase_approved", "v1_purchase_completed"),
        {"HP2603101001": "HP{}", "05e0d3f4": "{:08x}"},
    ),
    "kiwify": (
        ("order_approved_card", "subscription_renewed", "simplified_completed"),
        {
            "6f1c2b34-9a0d-4c1e-8f55-0a1b2c3d4e01": "sale-{}",
            "6f1c2b34-9a0d-4c1e-8f55-0a1b2c3d4e11": "sale-{}",
            "KW-SIMPLE-0001": "sale-{}",
        },
    ),
    "perfectpay": (("approved_card", "completed"), {"PPCPMTBEXMPL01": "PPCP{}"}),
}
PERFECTPAYS_TOKEN = "pp-fixture-token-not-a-secret-01"


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        for gateway in GATEWAYS:
            await ingest.configure(gateway)

        async def all_are_configured() -> bool:
            return {(await ingest.post(b"{}", gateway=gateway)).status for gateway in GATEWAYS} == {401}

        await eventually(all_are_configured)
        yield ingest


def events(gateway: str, number: int) -> list[bytes]:
    """Return all events of purchase `number`."""
    names, ids = REPORTS[gateway]
    found = []
    for name in names:
        body = body_of(f"{gateway}/{name}.json").decode().replace(PERFECTPAYS_TOKEN, SECRET)
        for standing, own in ids.items():
            body = body.replace(standing, own.format(number))
        found.append(body.encode())
    return found


async def send(ingest: Ingest, gateway: str, body: bytes) -> int:
    """Send a webhook with every kind of authentication; each gateway reads its own."""
    digest = {name: hmac.digest(SECRET.encode(), body, name).hex() for name in ("sha1", "sha256")}
    headers = {
        "Stripe-Signature": stripe_signature(body),
        "X-HOTMART-HOTTOK": SECRET,
        "X-Signature": f"sha256={digest['sha256']}",
    }
    tenant = f"{TENANT}?signature={digest['sha1']}"
    return (await ingest.post(body, gateway=gateway, tenant=tenant, headers=headers)).status


async def succeeded(ingest: Ingest) -> Counter[str]:
    """Count the `payment.succeeded` messages of each payment."""

    async def nothing_waits() -> bool:
        return await ingest.rows("outbox") == 0

    await eventually(nothing_waits)
    return Counter(each.payment_id for each in ingest.published.messages if isinstance(each, PaymentSucceeded))


@pytest.mark.parametrize("gateway", REPORTS)
async def test_events_sent_twice_and_at_once_are_one_payment(ingest: Ingest, gateway: str) -> None:
    orders = [list(order) for order in permutations(range(len(REPORTS[gateway][0])))]
    sales = [(order, events(gateway, number)) for number, order in enumerate(orders)]
    sending = [send(ingest, gateway, bodies[index]) for order, bodies in sales for index in order * 2]

    statuses = Counter(await asyncio.gather(*sending))

    assert statuses == {202: len(sending) // 2, 200: len(sending) // 2}
    found = await succeeded(ingest)
    assert (len(found), set(found.values())) == (len(orders), {1})


@pytest.mark.parametrize("gateway", REPORTS)
async def test_events_in_every_order_are_one_payment(ingest: Ingest, gateway: str) -> None:
    orders = list(permutations(range(len(REPORTS[gateway][0]))))
    for number, order in enumerate(orders):
        bodies = events(gateway, number)
        assert [await send(ingest, gateway, bodies[index]) for index in order] == [202] * len(order)

    found = await succeeded(ingest)
    assert (len(found), set(found.values())) == (len(orders), {1})
