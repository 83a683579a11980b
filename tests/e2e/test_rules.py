"""A rule that the command saves decides on the next webhook; in shadow it only shows what it would have done."""

import asyncio
from typing import Any

import orjson
import pytest

from tests.support.eventually import eventually
from tests.support.shops import Shop

pytestmark = pytest.mark.e2e

CONDITION = ("--when", "payment.amount > 50", "--then", "block")


async def rule(shop: Shop, command: str, *arguments: str) -> Any:
    printed = await asyncio.to_thread(shop.platform.orylo, "rule", command, shop.slug, *arguments, "--json")
    return orjson.loads(printed)


async def decided(shop: Shop, mode: str) -> dict[str, Any]:
    """Send payments until one of them is decided with the rule in this mode."""
    found: list[dict[str, Any]] = []

    async def with_rule() -> bool:
        found[:] = await shop.detections(await shop.pay(), 1)
        return [hit["mode"] for hit in found[0]["rules"]] == [mode]

    await eventually(with_rule)
    return found[0]


async def test_a_rule_is_tried_in_shadow_switched_on_and_rolled_back(shop: Shop) -> None:
    created = await rule(shop, "create", "Over 50", *CONDITION)
    assert (created["mode"], created["version"]) == ("shadow", 1)
    shadow = await decided(shop, "shadow")
    assert (shadow["decision"], shadow["override"]) == ("allow", None)
    assert shadow["rules"][0]["otherwise"] == "block"

    async def counted() -> bool:
        hits = await rule(shop, "hits", "Over 50")
        return bool(hits) and hits[0]["changed"] == hits[0]["payments"] >= 1

    await eventually(counted)
    tried = await rule(shop, "try", "payment.amount > 50", "--payment", shadow["payment_id"])
    assert (tried["applies"], tried["values"]) == (1, [{"field": "payment.amount", "value": "97.0"}])

    await rule(shop, "change", "Over 50", "--mode", "on")
    blocked = await decided(shop, "on")
    assert (blocked["decision"], blocked["override"], blocked["rules"][0]["otherwise"]) == ("block", "rule", "allow")
    assert blocked["risk_score"] == sum(each["points"] for each in blocked["points"])

    restored = await rule(shop, "restore", "Over 50", "1")
    assert (restored["version"], restored["mode"]) == (3, "on")
