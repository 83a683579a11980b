"""A decision read over the API explains itself: the points of its reasons add up to its risk."""

import time
from typing import Any

import aiohttp
import pytest

from orylo_cli.simulate import stripe
from tests.support.eventually import eventually
from tests.support.shops import Shop, new_payment, payment_id_of

pytestmark = pytest.mark.e2e

ATTEMPTS = 8


async def set_status(shop: Shop, http: aiohttp.ClientSession, customer_id: str, status: str) -> None:
    url = f"{shop.platform.api_url}/api/v1/customers/{customer_id}/status"
    body = {"status": status, "reason": "confirmed by phone"}
    async with http.post(url, json=body, headers={"Authorization": f"Bearer {shop.api_key}"}) as response:
        assert response.status < 300, await response.text()

    async def listed() -> bool:
        return bool((await shop.read(f"/api/v1/customers/{customer_id}"))["status"] == status)

    await eventually(listed)


def check(decision: dict[str, Any]) -> None:
    points = [each["points"] for each in decision["points"]]
    assert sum(points) == decision["risk_score"]
    assert points == sorted(points, reverse=True)
    assert all(type(each) is int and each >= 0 for each in points)
    assert [each["reason"] for each in decision["points"]] == decision["reasons"]
    of_detectors = {result["name"]: result["reasons"] for result in decision["detectors"] if result["score"]}
    assert {each["detector"] for each in decision["points"]} == set(of_detectors)
    assert all(each["reason"] in of_detectors[each["detector"]] for each in decision["points"])


async def test_the_points_of_every_decision_add_up_to_its_risk(shop: Shop) -> None:
    payment, now = new_payment(), int(time.time())
    for attempt in range(1, ATTEMPTS + 1):
        body = stripe.intent_failed(payment, now, attempt=attempt, decline_code="insufficient_funds")
        assert (await shop.send_stripe(body)).status == 202

    decisions = await shop.detections(payment_id_of(payment), ATTEMPTS)

    for decision in decisions:
        check(decision)
        check(await shop.read(f"/api/v1/detections/{decision['id']}"))
        assert decision["override"] is None
    worst = max(decisions, key=lambda each: each["risk_score"])
    assert worst["decision"] == "block"
    # Several limits and a new customer.
    assert {each["detector"] for each in worst["points"]} >= {"velocity", "trust_history"}
    assert len(worst["points"]) > 3


@pytest.mark.parametrize(("status", "decision"), [("blocked", "block"), ("allowlisted", "allow")])
async def test_a_list_entry_overrides_the_decision_and_not_the_risk(
    shop: Shop, http: aiohttp.ClientSession, status: str, decision: str
) -> None:
    first = new_payment()
    assert (await shop.send_stripe(stripe.intent_succeeded(first, int(time.time())))).status == 202
    (before,) = await shop.detections(payment_id_of(first), 1)
    await set_status(shop, http, before["customer_id"], status)

    async def is_overridden() -> bool:
        # The detector's copy of the status follows within moments.
        again = await shop.pay(buyer=first.buyer, card=first.card)
        (found,) = await shop.detections(again, 1)
        check(found)
        if found["override"] is None:
            return False
        assert (found["override"], found["decision"]) == (status, decision)
        return True

    await eventually(is_overridden)
    history = (await shop.read(f"/api/v1/customers/{before['customer_id']}"))["history"]
    assert status in {entry["override"] for entry in history if entry["kind"] == "detection"}
