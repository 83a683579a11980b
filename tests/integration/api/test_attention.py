"""What needs a person, each part with its count, money and since when."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from orylo_common.control import Keyring
from orylo_common.control.destinations import add_destination
from orylo_common.control.fuses import trip_fuse
from orylo_common.control.models import BlockRate
from orylo_common.ids import uuid7
from orylo_common.messages import (
    ConversionFailed,
    Decision,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
    PaymentVerdict,
)
from tests.integration.api.conftest import Api, make_shop
from tests.integration.api.test_endpoints import get
from tests.support.actors import ACTOR
from tests.unit.api.builders import (
    conversion,
    customer_merge_limited,
    destination_changed,
    detection,
    payment,
    quarantined,
    rejected,
    verdict,
)

pytestmark = pytest.mark.integration


async def test_nothing_needs_a_person_at_a_new_shop(api: Api) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    assert (await get(api.client(shop.bearer), "/api/v1/attention"))["items"] == []


async def test_each_part_is_counted_with_its_money(api: Api) -> None:
    now, shop = api.clock.stop(), await make_shop(api.pool, f"loja-{uuid7().hex}")
    tenant: dict[str, Any] = {"tenant_id": shop.tenant.id}

    def decided(name: str, kind: Any, decision: Decision, amount: int, **changes: Any) -> list[Any]:
        about = {**tenant, "payment_id": f"stripe:pi_{name}", "amount_minor": amount, "occurred_at": now}
        return [payment(kind, **about, **changes), detection(**about, decision=decision)]

    await api.project(
        *decided("review", PaymentSucceeded, Decision.REVIEW, 700),
        *decided("paid", PaymentSucceeded, Decision.BLOCK, 1000),
        *decided("paid_too", PaymentSucceeded, Decision.BLOCK, 310),
        *decided("declined", PaymentFailed, Decision.BLOCK, 5000),
        *decided("cleared", PaymentSucceeded, Decision.BLOCK, 6000),
        *decided("panel", PaymentSucceeded, Decision.BLOCK, 7000, test=True),
        verdict(PaymentVerdict.LEGITIMATE, **tenant, payment_id="stripe:pi_cleared"),
        *decided("refunded", PaymentSucceeded, Decision.BLOCK, 8000),
        *decided("not_refunded", PaymentSucceeded, Decision.BLOCK, 400),
        *(
            payment(PaymentRefunded, **tenant, payment_id=f"stripe:pi_{name}", full=True, refunded_minor=amount)
            for name, amount in (("refunded", 8000), ("not_refunded", 400))
        ),
        payment(
            PaymentRefundFailed, **tenant, payment_id="stripe:pi_not_refunded", refund_id="re_1", amount_minor=400,
            occurred_at=now,
        ),
    )  # fmt: skip
    webhooks = {"gateway": "kiwify", "first_at": now, "occurred_at": now}
    await api.project(rejected(**tenant, **webhooks, count=9), rejected(**tenant, **webhooks, count=5))
    await api.project(rejected(**tenant, occurred_at=now - timedelta(days=2), first_at=now))
    await api.project(quarantined(**tenant), conversion(ConversionFailed, **tenant), customer_merge_limited(**tenant))
    async with api.pool.acquire() as connection:
        destination_id = await add_destination(
            connection, Keyring.parse(api.master_key), shop.tenant.id, "meta",
            name="main", config={"pixel_id": "1"}, secret="token", actor=ACTOR,
        )  # fmt: skip
        await trip_fuse(connection, shop.tenant.id, BlockRate(60, 30, 0.01, 0.05))
    await api.project(destination_changed(**tenant, destination_id=destination_id))

    items = (await get(api.client(shop.bearer), "/api/v1/attention"))["items"]

    assert [(item["code"], item["count"], item["subject"]) for item in items] == [
        ("fuse_tripped", 1, None),
        ("destination_on_hold", 1, "main"),
        ("dead_letters", 1, None),
        ("quarantine", 1, None),
        ("webhooks_rejected", 14, "kiwify"),
        ("blocked_but_paid", 3, None),
        ("to_review", 1, None),
        ("merge_reviews", 1, None),
    ]
    money = {item["code"]: item["amounts"] for item in items if item["amounts"]}
    assert money == {
        "blocked_but_paid": [{"currency": "BRL", "amount_minor": 1710}],
        "to_review": [{"currency": "BRL", "amount_minor": 700}],
    }
    assert all(item["since"] and item["link"].startswith("/") for item in items)

    [blocked] = (item for item in items if item["code"] == "blocked_but_paid")
    filters = dict(parse_qsl(urlsplit(blocked["link"]).query))
    assert filters.pop("range") == "7d"
    views = (await get(api.client(shop.bearer), "/api/v1/views?page=payments"))["items"]
    assert filters in [view["query"] for view in views if view["delivered"]]
    listed = (await get(api.client(shop.bearer), f"/api/v1/payments?{urlencode(filters)}"))["items"]
    assert {each["id"] for each in listed} == {
        f"stripe:pi_{name}" for name in ("paid", "paid_too", "not_refunded", "panel")
    }


async def test_the_paid_blocks_of_a_week_are_counted_from_the_hours_that_they_were_paid_in(api: Api) -> None:
    now, shop = api.clock.stop(), await make_shop(api.pool, f"loja-{uuid7().hex}")
    tenant: dict[str, Any] = {"tenant_id": shop.tenant.id}
    for number, age in enumerate((timedelta(hours=1), timedelta(days=6), timedelta(days=8))):
        about = {**tenant, "payment_id": f"stripe:pi_{number}", "amount_minor": 100 + number, "occurred_at": now - age}
        await api.project(payment(PaymentSucceeded, **about), detection(**about, decision=Decision.BLOCK))

    [blocked] = (await get(api.client(shop.bearer), "/api/v1/attention"))["items"]

    assert (blocked["count"], blocked["amounts"]) == (2, [{"currency": "BRL", "amount_minor": 201}])
    oldest = (now - timedelta(days=6)).replace(minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(blocked["since"]) == oldest
