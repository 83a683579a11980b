"""A merchant sees rejected and quarantined webhooks, and replays the quarantined ones."""

import asyncio
import time
from typing import Any

import orjson
import pytest

from orylo_cli.simulate import stripe
from tests.support.eventually import eventually
from tests.support.shops import Shop, new_payment, stripe_signature

pytestmark = pytest.mark.e2e


async def items(shop: Shop, path: str, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shop.read(path, **query))["items"]
    return found


async def test_rejected_webhooks_are_listed_with_their_reason(shop: Shop) -> None:
    body = stripe.intent_succeeded(new_payment(), int(time.time()))
    for _ in range(3):
        await shop.send_webhook("stripe", body, {"Stripe-Signature": stripe_signature(body, "whsec_of_another")})

    async def all_are_counted() -> bool:
        rows = await items(shop, "/api/v1/rejections", gateway="stripe", code="signature_mismatch")
        return bool(sum(row["count"] for row in rows) == 3)

    await eventually(all_are_counted)
    printed = await asyncio.to_thread(shop.platform.orylo, "rejections", shop.slug, "--gateway", "stripe", "--json")
    assert {(row["status"], row["remote"]) for row in orjson.loads(printed)} == {(401, "127.0.0.1")}


async def test_a_quarantined_webhook_is_shown_and_replayed_on_request(shop: Shop) -> None:
    event = orjson.loads(stripe.intent_succeeded(new_payment(), int(time.time())))
    event["data"]["object"]["amount_received"] = event["data"]["object"]["amount"] = -1
    answer = await shop.send_stripe(orjson.dumps(event))
    assert answer.status == 202
    path = f"/api/v1/quarantine/{answer.body['event_id']}"

    async def is_shown() -> bool:
        return (await shop.get(path)).status == 200

    await eventually(is_shown)
    shown = await shop.read(path)
    assert (shown["kind"], shown["state"], shown["gateway_event_id"]) == ("quarantined", "open", event["id"])
    assert shown["payload"]["data"]["object"]["amount"] == -1

    async def next_replay(previous: str | None) -> str:
        async def is_replayed() -> bool:
            return bool((await shop.read(path))["replayed_at"] != previous)

        await eventually(is_replayed)
        return str((await shop.read(path))["replayed_at"])

    headers = {"Authorization": f"Bearer {shop.api_key}"}
    async with shop.http.post(f"{shop.platform.api_url}{path}/replay", headers=headers) as response:
        assert response.status == 202
    first = await next_replay(None)

    await asyncio.to_thread(shop.platform.orylo, "quarantine", "replay", shown["id"], "--tenant", shop.slug)
    await next_replay(first)
    # The adapter is unchanged, so the webhook stays in quarantine.
    assert (await shop.read(path))["state"] == "open"
