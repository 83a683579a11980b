"""The money of failed payments against a tenant's own limit: in the dashboard, and as a metric of all tenants."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from orylo_api.payments.failed_money import measure_failed_money
from orylo_common.control.sections.shop import ShopSettings
from orylo_common.control.sections.store import write_section
from orylo_common.ids import uuid7
from orylo_common.messages import PaymentFailed, PaymentSucceeded
from tests.integration.api.conftest import Api, make_shop
from tests.integration.api.test_endpoints import get
from tests.support.actors import ACTOR
from tests.unit.api.builders import payment

pytestmark = pytest.mark.integration


async def shop_with(api: Api, limit: dict[str, int], *failed_minor: int, **changes: Any) -> Any:
    """Return a new shop with the limit, and a failed payment of each amount."""
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    async with api.pool.acquire() as connection:
        await write_section(connection, shop.tenant.id, ShopSettings(failed_money_limit=limit), actor=ACTOR)
    about = {"tenant_id": shop.tenant.id, "occurred_at": api.clock.stop(), **changes}
    await api.project(
        *(
            payment(PaymentFailed, payment_id=f"stripe:pi_{uuid7().hex}", amount_minor=each, **about)
            for each in failed_minor
        )
    )
    return shop


async def failed_money(api: Api, shop: Any) -> list[Any]:
    items = (await get(api.client(shop.bearer), "/api/v1/attention"))["items"]
    return [(item["count"], item["amounts"], item["link"]) for item in items if item["code"] == "failed_money"]


async def tenants_over_limit(api: Api) -> float:
    await measure_failed_money(api.pool, api.clock)
    value = REGISTRY.get_sample_value("orylo_api_failed_money_tenants")
    assert value is not None
    return value


async def test_a_shop_above_its_limit_is_told_and_counted_once(api: Api) -> None:
    before = await tenants_over_limit(api)
    shop = await shop_with(api, {"BRL": 1000, "USD": 5000}, 700, 301)
    await shop_with(api, {"BRL": 1000}, 700, 300)
    await shop_with(api, {}, 700, 301)

    assert await failed_money(api, shop) == [(2, [{"currency": "BRL", "amount_minor": 1001}], "/payments?state=failed")]
    assert await tenants_over_limit(api) == before + 1

    about = {"tenant_id": shop.tenant.id, "occurred_at": api.clock.now(), "currency": "USD"}
    await api.project(payment(PaymentFailed, payment_id="stripe:pi_usd", amount_minor=5001, **about))

    assert [(count, len(amounts)) for count, amounts, _ in await failed_money(api, shop)] == [(3, 2)]
    assert await tenants_over_limit(api) == before + 1


@pytest.mark.parametrize(("currency", "limit"), [("USD", {"BRL": 1000}), ("BRL", {"BRL": 1001}), ("BRL", {})])
async def test_a_shop_within_its_limits_is_not_told(api: Api, currency: str, limit: dict[str, int]) -> None:
    shop = await shop_with(api, limit, 1001, currency=currency)

    assert await failed_money(api, shop) == []


async def test_payments_that_are_tests_or_older_or_succeed_later_do_not_count(api: Api) -> None:
    shop = await shop_with(api, {"BRL": 1000}, 900)
    about: dict[str, Any] = {"tenant_id": shop.tenant.id, "amount_minor": 5000}
    now = api.clock.now()
    paid = about | {"payment_id": "stripe:pi_paid"}
    await api.project(
        payment(PaymentFailed, payment_id="stripe:pi_test", occurred_at=now, test=True, **about),
        payment(PaymentFailed, payment_id="stripe:pi_old", occurred_at=now - timedelta(minutes=61), **about),
        payment(PaymentFailed, occurred_at=now - timedelta(minutes=2), **paid),
        payment(PaymentSucceeded, occurred_at=now - timedelta(minutes=1), **paid),
    )

    assert await failed_money(api, shop) == []
