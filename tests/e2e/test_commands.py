"""The `orylo` command on a running platform, from an empty tenant to its first sale."""

import asyncio
import json
import secrets
import time
from typing import Any

import aiohttp
import pytest

from orylo_cli.simulate import stripe
from tests.support.embedded import Embedded
from tests.support.eventually import eventually
from tests.support.meta_process import MetaProcess
from tests.support.shops import PASSWORD, Shop, count, new_payment, payment_id_of, set_mode

pytestmark = pytest.mark.e2e

WITH_STATUS = """
    SELECT count(*) FROM {0} counted JOIN control.tenants t ON t.id = tenant_id
    WHERE slug = $1 AND counted.{1} = ANY($2)
"""
# Neither quarantined nor in conflict.
GOOD_STATUSES = ["published", "already_reported", "ignored"]
SLUG, EMAIL, PIXEL = "shop-by-hand", "ana@shop-by-hand.example", "20261120"


async def orylo(platform: Embedded, *arguments: str, text: str | None = None) -> Any:
    return json.loads(await asyncio.to_thread(platform.orylo, *arguments, "--json", text=text))


async def test_a_tenant_is_set_up_by_commands_and_sells(
    orylo_up: Embedded, http: aiohttp.ClientSession, meta: MetaProcess
) -> None:
    secret = f"whsec_{secrets.token_hex(8)}"
    await orylo(orylo_up, "tenant", "create", SLUG)
    gateway = await orylo(orylo_up, "gateway", "set", SLUG, "stripe", "--secret-stdin", text=secret)
    assert gateway["path"] == f"/api/v1/webhooks/stripe/{SLUG}"
    await orylo(orylo_up, "destination", "add", SLUG, "meta", "--pixel-id", PIXEL, "--token-stdin", text="EAAtest")
    await orylo(orylo_up, "user", "create", SLUG, EMAIL, "--role", "owner", "--password-stdin", text=PASSWORD)
    key = await orylo(orylo_up, "apikey", "create", SLUG, "--role", "viewer")
    shop = Shop(orylo_up, http, SLUG, PIXEL, secret, key["key"], EMAIL)

    payment = new_payment()
    answer = await shop.send_stripe(stripe.intent_succeeded(payment, int(time.time())))

    assert answer.status == 202
    assert (await shop.conversion(payment_id_of(payment)))["status"] == "dispatched"
    assert meta.datasets()[PIXEL]["event_ids"] == {payment_id_of(payment): 1}
    async with shop.signed_in() as browser, browser.get("/api/v1/auth/me") as response:
        assert (await response.json())["role"] == "owner"


async def test_doctor_finds_nothing_wrong(orylo_up: Embedded) -> None:
    found = await orylo(orylo_up, "doctor")

    assert found["ok"]
    assert {check["name"] for check in found["checks"]} >= {"ingest", "detector", "trust", "dispatch", "api"}
    assert [check for check in found["checks"] if not check["ok"]] == []


async def test_every_simulated_webhook_is_accepted_and_none_is_quarantined(shop: Shop) -> None:
    # The command finds the tenant's secrets and modes itself.
    await set_mode(shop, "hmac")
    asked = ("simulate", "--tenant", shop.slug, "--rate", "40", "--duration", "10s", "--seed", "3")
    summary = await orylo(shop.platform, *asked)

    assert (summary["errors"], summary["rejected"]) == (0, 0)
    assert summary["sent"] == summary["accepted"] + summary["duplicates"] + summary["visits"] == 400
    assert summary["duplicates"] > 0
    assert summary["visits"] > 0

    stored = await count(shop.platform, WITH_STATUS.format("ingest.events", "status"), shop.slug, GOOD_STATUSES)
    assert stored == summary["accepted"]
    waiting = WITH_STATUS.format("dispatch.deliveries", "state")

    async def nothing_waits() -> bool:
        return await count(shop.platform, waiting, shop.slug, ["held", "pending"]) == 0

    await eventually(nothing_waits)
    assert (await shop.read("/api/v1/dead-letters"))["items"] == []
    counts = (await shop.read("/api/v1/overview"))["last_24h"]["counts"]
    assert counts["conversions_dispatched"] > 0
