"""All events of an invoice's payment are published under one id, on a real PostgreSQL and by two processes at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from itertools import permutations
from typing import Any

import orjson
import pytest

from orylo_common.messages import PaymentFact, PaymentFailed, PaymentRefunded, PaymentSucceeded
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.port import UnprocessableEvent
from tests.integration.ingest.running import Ingest, open_another, running_ingest
from tests.integration.ingest.test_quarantine import ask_for_replay
from tests.support.eventually import eventually
from tests.unit.ingest.gateways.test_stripe_attempts_and_refunds import declined, dispute_of, refund_of
from tests.unit.ingest.gateways.test_stripe_invoices import bought
from tests.unit.ingest.given import body_of

pytestmark = pytest.mark.integration

PUBLISHED = "SELECT count(*) FROM ingest.events WHERE status = 'published'"


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest


async def send(ingest: Ingest, *events: dict[str, Any]) -> None:
    for event in events:
        assert (await ingest.stripe(orjson.dumps(event))).status == 202


async def send_at_once(processes: Iterable[Ingest], events: Iterable[dict[str, Any]]) -> None:
    """Send every event to every process at the same time."""
    bodies = [orjson.dumps(event) for event in events]
    answers = await asyncio.gather(*(process.stripe(body) for body in bodies for process in processes))
    assert {answer.status for answer in answers} == {200, 202}


async def payments_of(ingest: Ingest, kind: type[PaymentFact], count: int) -> Counter[str]:
    """Return how often each payment was published as this kind of message, once there are `count` messages."""

    def published() -> list[PaymentFact]:
        return [message for message in ingest.published.messages if isinstance(message, kind)]

    await eventually(lambda: len(published()) >= count)
    return Counter(message.payment_id for message in published())


async def test_a_refund_and_a_dispute_are_published_under_the_id_of_the_sale(ingest: Ingest) -> None:
    for number, order in enumerate(permutations(("invoice", "intent", "charge")), 1):
        sale = bought(number, customer=f"cus_{number}", description="Subscription update")
        await send(ingest, *(sale[name] for name in order), refund_of(number), dispute_of(number))
        own = [f"stripe:in_{number}", f"stripe:pi_{number}"]
        ids = await ingest.pool.fetch("SELECT DISTINCT payment_id FROM ingest.events WHERE payment_id = ANY($1)", own)
        assert [row["payment_id"] for row in ids] == [
            f"stripe:in_{number}" if order[0] == "invoice" else f"stripe:pi_{number}"
        ]
    assert set((await payments_of(ingest, PaymentRefunded, 6)).values()) == {1}


async def test_two_processes_agree_on_every_payment(ingest: Ingest, postgres_dsn: str) -> None:
    sales = [bought(number, customer=f"cus_{number}", description="Subscription update") for number in range(30)]
    async with open_another(postgres_dsn, ingest) as other:
        await send_at_once((ingest, other), (event for sale in sales for event in sale.values()))
        paid = await payments_of(ingest, PaymentSucceeded, len(sales))
        await send_at_once((ingest, other), (refund_of(number) for number in range(30)))
        refunded = await payments_of(ingest, PaymentRefunded, len(sales))
    assert set(paid.values()) == {1}
    assert paid == refunded
    assert await ingest.pool.fetchval(PUBLISHED) == 2 * len(sales)


async def test_equal_sales_of_one_customer_at_once_stay_as_many(ingest: Ingest, postgres_dsn: str) -> None:
    sales = [bought(number, description="Subscription update") for number in range(8)]
    async with open_another(postgres_dsn, ingest) as other:
        await send_at_once((ingest, other), (event for sale in sales for event in sale.values()))
        paid = await payments_of(ingest, PaymentSucceeded, len(sales))
    assert (len(paid), set(paid.values())) == (len(sales), {1})


async def test_a_declined_renewal_is_one_attempt_and_its_paid_retry_the_same_payment(
    ingest: Ingest, postgres_dsn: str
) -> None:
    async with open_another(postgres_dsn, ingest) as other:
        await send_at_once((ingest, other), declined(charge=True).values())
        failed = await payments_of(ingest, PaymentFailed, 1)
        retry = bought(description="Subscription update", slow=3 * 86_400)
        await send_at_once((ingest, other), retry.values())
        paid = await payments_of(ingest, PaymentSucceeded, 1)
    assert failed == paid
    assert await ingest.pool.fetchval(PUBLISHED) == 2


async def test_a_replayed_webhook_is_published_under_the_id_of_its_payment(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = bought(description="Subscription update")
    await send(ingest, sale["invoice"], sale["intent"])

    def normalise(self: Any, document: Any, received_at: Any, zone: Any) -> Any:
        raise UnprocessableEvent("not understood yet")

    with monkeypatch.context() as before:
        before.setattr(type(GATEWAYS["stripe"]), "normalise", normalise)
        answer = await ingest.stripe(orjson.dumps(refund_of(1)))
    await ask_for_replay(ingest, answer.body["event_id"])
    assert await payments_of(ingest, PaymentRefunded, 1) == {"stripe:in_1": 1}


async def test_another_tenants_events_are_never_linked(ingest: Ingest) -> None:
    sale = bought(description="Subscription update")
    await send(ingest, sale["invoice"])
    await ingest.pool.execute("UPDATE ingest.linked_payments SET tenant_id = gen_random_uuid()")
    await send(ingest, sale["intent"])
    assert (await payments_of(ingest, PaymentSucceeded, 2)).keys() == {"stripe:in_1", "stripe:pi_1"}


async def test_an_ordinary_sale_writes_no_link(ingest: Ingest) -> None:
    await ingest.stripe(body_of("stripe/charge.succeeded.json"))
    await ingest.stripe(body_of("stripe/charge.refunded.json"))
    assert await ingest.rows("linked_payments") == 0
    assert await ingest.pool.fetchval(PUBLISHED) == 2
