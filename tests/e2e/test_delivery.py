"""A sale is retried while Meta is down, dead-lettered if Meta rejects it, and suppressed if the payment is blocked."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from orylo_cli.simulate import stripe
from tests.support.embedded import Embedded
from tests.support.eventually import eventually
from tests.support.meta_process import MetaProcess
from tests.support.shops import Shop, count, new_payment, open_shop, payment_id_of

pytestmark = pytest.mark.e2e

OPEN, CLOSED = 2, 0
WAITING = "SELECT count(*) FROM dispatch.deliveries WHERE payment_id = ANY($1) AND state = 'pending'"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def neighbour(orylo_up: Embedded, http: aiohttp.ClientSession) -> Shop:
    return await open_shop(orylo_up, http, "shop-next-door")


@pytest.fixture
def faults(meta: MetaProcess, shop: Shop) -> Iterator[MetaProcess]:
    """The fake Meta, whose faults for this shop end with the test."""
    yield meta
    meta.misbehave(dataset_id=shop.pixel_id)


@pytest_asyncio.fixture
async def circuit(shop: Shop) -> str:
    """The name of the circuit breaker of the shop's destination."""
    sent = await shop.conversion(await shop.pay())
    return f"destination:{sent['destination_id']}"


async def circuit_state(shop: Shop, name: str) -> float:
    async with shop.http.get(f"{shop.platform.ingest_url}/metrics") as response:
        families = text_string_to_metric_families(await response.text())
    (state,) = (
        sample.value
        for family in families
        if family.name == "orylo_circuit_state"
        for sample in family.samples
        if sample.labels["name"] == name
    )
    return state


async def pay_until_open(shop: Shop, name: str) -> AsyncIterator[str]:
    """Send payments until Meta's failures have opened the circuit. Yield their ids."""
    give_up = time.monotonic() + 60
    while await circuit_state(shop, name) != OPEN:
        assert time.monotonic() < give_up, "the circuit did not open"
        yield await shop.pay()
        await asyncio.sleep(0.1)


async def test_while_meta_is_down_everything_else_works_and_no_sale_is_lost(
    shop: Shop, neighbour: Shop, faults: MetaProcess, circuit: str
) -> None:
    faults.misbehave(mode="down", dataset_id=shop.pixel_id)
    paid = [payment_id async for payment_id in pay_until_open(shop, circuit)]

    # Webhooks are accepted and decided, and another shop's sales are sent.
    paid += await asyncio.gather(*(shop.pay() for _ in range(20)))
    await asyncio.gather(*(shop.detections(payment_id, 1) for payment_id in paid))
    assert (await neighbour.conversion(await neighbour.pay()))["status"] == "dispatched"
    assert not faults.counted().keys() & set(paid)

    faults.misbehave(dataset_id=shop.pixel_id)
    for payment_id in paid:
        assert (await shop.conversion(payment_id, within_s=60))["status"] == "dispatched"
    received = faults.datasets()[shop.pixel_id]["event_ids"]
    assert [received[payment_id] for payment_id in paid] == [1] * len(paid)
    assert await circuit_state(shop, circuit) == CLOSED
    dead_letters = (await shop.read("/api/v1/dead-letters"))["items"]
    assert not {each["subject"] for each in dead_letters} & set(paid)


async def test_one_rejected_event_is_dead_lettered_and_the_others_of_its_batch_are_sent(
    shop: Shop, faults: MetaProcess
) -> None:
    # Meta answers the first request slowly, so the others wait and form one batch. The latency is longer than they need
    # to arrive on a busy machine, and shorter than dispatch's timeout.
    faults.misbehave(latency_ms=7000, dataset_id=shop.pixel_id)
    first = await shop.pay()
    await eventually(lambda: first in faults.counted())
    paid = await asyncio.gather(*(shop.pay() for _ in range(50)))

    async def all_wait() -> bool:
        return await count(shop.platform, WAITING, paid) == len(paid)

    await eventually(all_wait)
    good = list(paid)
    rejected = good.pop(20)
    rejections_before = faults.datasets()[shop.pixel_id]["refused_requests"]
    faults.misbehave(refuse_event_ids=[rejected], dataset_id=shop.pixel_id)

    for payment_id in good:
        assert (await shop.conversion(payment_id))["status"] == "dispatched"
    failed = await shop.conversion(rejected)
    assert (failed["status"], failed["code"]) == ("failed", "100/2804007")
    # Rejected with the batch, with parts of it, and alone.
    assert 2 <= faults.datasets()[shop.pixel_id]["refused_requests"] - rejections_before <= 8

    (dead,) = await open_dead_letters(shop, 1)
    assert (dead["source"], dead["kind"], dead["subject"]) == ("dispatch", "conversion", rejected)
    assert "Meta says: Invalid parameter" in dead["reason"]
    listed = json.loads(await orylo(shop, "dlq", "list", "--tenant", shop.slug, "--json"))
    assert [(each["id"], each["reason"]) for each in listed] == [(dead["id"], dead["reason"])]

    faults.misbehave(dataset_id=shop.pixel_id)
    (replayed,) = json.loads(await orylo(shop, "dlq", "replay", dead["id"], "--json"))
    assert (replayed["id"], replayed["error"]) == (dead["id"], None)

    async def sent() -> bool:
        (found,) = (await shop.read("/api/v1/conversions", payment_id=rejected))["items"]
        return bool(found["status"] == "dispatched")

    await eventually(sent)
    assert faults.datasets()[shop.pixel_id]["event_ids"][rejected] == 1
    assert await open_dead_letters(shop, 0) == []


async def open_dead_letters(shop: Shop, expected: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def is_listed() -> bool:
        found[:] = (await shop.read("/api/v1/dead-letters", state="open"))["items"]
        return len(found) == expected

    await eventually(is_listed)
    return found


async def orylo(shop: Shop, *arguments: str) -> str:
    return await asyncio.to_thread(shop.platform.orylo, *arguments)


async def test_a_blocked_payment_is_not_sent_to_meta(shop: Shop, meta: MetaProcess) -> None:
    payment, now = new_payment(), int(time.time())
    payment_id = payment_id_of(payment)
    for attempt in range(1, 9):
        body = stripe.intent_failed(payment, now, attempt=attempt, decline_code="insufficient_funds")
        assert (await shop.send_stripe(body)).status == 202
    await shop.detections(payment_id, 8)

    await shop.send_stripe(stripe.intent_succeeded(payment, now, attempt=9))

    (decision,) = [
        each for each in await shop.detections(payment_id, 9) if each["payment_type"] == "payment.succeeded.v1"
    ]
    assert decision["decision"] == "block"
    assert any(reason.startswith("velocity.") for reason in decision["reasons"])
    conversion = await shop.conversion(payment_id)
    assert (conversion["status"], conversion["attempts"]) == ("suppressed", 0)
    # Everything queued before this payment has been sent by now.
    await shop.conversion(await shop.pay())
    assert payment_id not in meta.counted()
