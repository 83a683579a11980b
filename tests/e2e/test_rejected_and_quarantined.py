"""A merchant sees which webhooks were turned away and which were set aside, and has these read once more."""

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


async def test_what_is_refused_is_listed_with_its_reason(shop: Shop) -> None:
    body = stripe.intent_succeeded(new_payment(), int(time.time()))
    for _ in range(3):
        await shop.tell("stripe", body, {"Stripe-Signature": stripe_signature(body, "whsec_of_another")})

    async def all_are_counted() -> bool:
        rows = await items(shop, "/api/v1/rejections", gateway="stripe", code="signature_mismatch")
        return bool(sum(row["count"] for row in rows) == 3)

    await eventually(all_are_counted)
    told = await asyncio.to_thread(shop.platform.orylo, "rejections", shop.slug, "--gateway", "stripe", "--json")
    assert {(row["status"], row["remote"]) for row in orjson.loads(told)} == {(401, "127.0.0.1")}


async def test_what_is_not_understood_is_shown_and_read_again_when_asked(shop: Shop) -> None:
    event = orjson.loads(stripe.intent_succeeded(new_payment(), int(time.time())))
    event["data"]["object"]["amount_received"] = event["data"]["object"]["amount"] = -1
    answer = await shop.tell_stripe(orjson.dumps(event))
    assert answer.status == 202
    path = f"/api/v1/quarantine/{answer.body['event_id']}"

    async def is_shown() -> bool:
        return (await shop.get(path)).status == 200

    await eventually(is_shown)
    shown = await shop.read(path)
    assert (shown["kind"], shown["state"], shown["gateway_event_id"]) == ("quarantined", "open", event["id"])
    assert shown["payload"]["data"]["object"]["amount"] == -1

    async def read_again(since: str | None) -> str:
        async def is_told() -> bool:
            return bool((await shop.read(path))["replayed_at"] != since)

        await eventually(is_told)
        return str((await shop.read(path))["replayed_at"])

    headers = {"Authorization": f"Bearer {shop.api_key}"}
    async with shop.http.post(f"{shop.platform.api_url}{path}/replay", headers=headers) as response:
        assert response.status == 202
    first = await read_again(None)

    await asyncio.to_thread(shop.platform.orylo, "quarantine", "replay", shown["id"], "--tenant", shop.slug)
    await read_again(first)
    # Nobody mended the adapter: it stays where it is.
    assert (await shop.read(path))["state"] == "open"
