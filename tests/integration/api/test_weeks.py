"""Payments of all tenants against the week before, in the real rollups: a method's share, and new decline codes."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from orylo_api.payments.weeks import compare_weeks
from orylo_common.ids import uuid7
from orylo_common.messages import PaymentFailed
from tests.integration.api.conftest import Api, make_shop
from tests.unit.api.builders import payment

pytestmark = pytest.mark.integration

# Sums that the projection would write for thousands of payments.
ADD_SALES = """
    INSERT INTO api.method_rollups
    SELECT $1, grain, date_trunc(grain, $2::timestamptz, 'UTC'), $3, $4, 'BRL', $5, $5, 0, 0, 0, 0, 0, 0
    FROM (VALUES ('hour'), ('day')) AS g (grain)
"""
LONG_AGO, LAST_WEEK, TODAY = timedelta(days=20), timedelta(days=4), timedelta(hours=2)


@pytest.fixture
def gateway() -> str:
    """Return a name of its own: the metrics are of all tenants."""
    return f"g{uuid7().hex}"


async def new_shop(api: Api) -> Any:
    return (await make_shop(api.pool, f"loja-{uuid7().hex}")).tenant.id


async def sell(api: Api, shop: Any, gateway: str, ago: timedelta, **sales: int) -> None:
    for method, number in sales.items():
        await api.pool.execute(ADD_SALES, shop, api.clock.now() - ago, gateway, method, number)


async def decline(api: Api, shop: Any, gateway: str, code: str, *ago: timedelta) -> None:
    about: dict[str, Any] = {"tenant_id": shop, "gateway": gateway, "failure_code": code}
    await api.project(
        *(
            payment(PaymentFailed, payment_id=f"x:{uuid7().hex}", occurred_at=api.clock.now() - each, **about)
            for each in ago
        )
    )


async def share(api: Api, gateway: str, method: str) -> float | None:
    await compare_weeks(api.pool, api.clock)
    labels = {"gateway": gateway, "method": method}
    return REGISTRY.get_sample_value("orylo_api_payment_method_share_ratio", labels)


async def new_declines(api: Api, gateway: str, code: str) -> float | None:
    await compare_weeks(api.pool, api.clock)
    return REGISTRY.get_sample_value("orylo_api_payment_decline_code_new", {"gateway": gateway, "code": code})


async def test_a_share_is_compared_over_all_shops(api: Api, gateway: str) -> None:
    api.clock.stop()
    one, other = await new_shop(api), await new_shop(api)
    await sell(api, one, gateway, LAST_WEEK, pix=2000, card=4000)
    await sell(api, other, gateway, LAST_WEEK, pix=2000)
    await sell(api, one, gateway, TODAY, card=600)
    await sell(api, other, gateway, TODAY, pix=200)

    assert await share(api, gateway, "pix") == pytest.approx(0.5)
    assert await share(api, gateway, "card") == pytest.approx(1.5)


async def test_a_steady_share_of_fewer_sales_is_the_same(api: Api, gateway: str) -> None:
    api.clock.stop()
    shop = await new_shop(api)
    await sell(api, shop, gateway, LAST_WEEK, pix=4000, card=4000)
    await sell(api, shop, gateway, TODAY, pix=3, card=3)

    assert await share(api, gateway, "pix") == pytest.approx(1)


async def test_a_method_without_a_sale_today_has_fallen_to_zero(api: Api, gateway: str) -> None:
    api.clock.stop()
    shop = await new_shop(api)
    await sell(api, shop, gateway, LAST_WEEK, pix=4000, card=4000)
    await sell(api, shop, gateway, TODAY, card=10)

    assert await share(api, gateway, "pix") == 0


@pytest.mark.parametrize("ago", [LAST_WEEK, timedelta(days=9)])
async def test_too_few_sales_in_the_week_are_not_compared(api: Api, gateway: str, ago: timedelta) -> None:
    api.clock.stop()
    shop = await new_shop(api)
    await sell(api, shop, gateway, ago, pix=3000 if ago == LAST_WEEK else 9000)
    await sell(api, shop, gateway, TODAY, card=10)

    assert await share(api, gateway, "pix") is None


async def test_a_gateway_that_sells_nothing_today_is_not_compared(api: Api, gateway: str) -> None:
    api.clock.stop()
    await sell(api, await new_shop(api), gateway, LAST_WEEK, pix=4000)

    assert await share(api, gateway, "pix") is None


async def test_a_code_is_new_until_it_is_older_than_the_last_hour(api: Api, gateway: str) -> None:
    now = api.clock.stop()
    shop = await new_shop(api)
    await sell(api, shop, gateway, LONG_AGO, card=10)
    await decline(api, shop, gateway, "new_rule", *[timedelta()] * 3)

    assert await new_declines(api, gateway, "new_rule") == 3

    await decline(api, shop, gateway, "new_rule", now - now.replace(minute=0) + timedelta(minutes=61))

    assert await new_declines(api, gateway, "new_rule") is None


async def test_a_code_that_another_shop_met_in_the_week_is_not_new(api: Api, gateway: str) -> None:
    api.clock.stop()
    shop = await new_shop(api)
    await sell(api, shop, gateway, LONG_AGO, card=10)
    await decline(api, await new_shop(api), gateway, "known", LAST_WEEK)
    await decline(api, shop, gateway, "known", *[timedelta()] * 3)

    assert await new_declines(api, gateway, "known") is None


async def test_a_code_last_met_before_the_week_is_new(api: Api, gateway: str) -> None:
    api.clock.stop()
    shop = await new_shop(api)
    await sell(api, shop, gateway, LONG_AGO, card=10)
    await decline(api, shop, gateway, "again", timedelta(days=9), *[timedelta()] * 3)

    assert await new_declines(api, gateway, "again") == 3


async def test_codes_of_a_gateway_in_its_first_week_are_not_new(api: Api, gateway: str) -> None:
    api.clock.stop()
    shop = await new_shop(api)
    await sell(api, shop, gateway, LAST_WEEK, card=10)
    await decline(api, shop, gateway, "new_rule", *[timedelta()] * 3)

    assert await new_declines(api, gateway, "new_rule") is None


async def test_codes_that_are_no_words_share_a_label_which_has_the_most_frequent(api: Api, gateway: str) -> None:
    api.clock.stop()
    shop = await new_shop(api)
    await sell(api, shop, gateway, LONG_AGO, card=10)
    await decline(api, shop, gateway, "Refused for order 4711", *[timedelta()] * 3)
    await decline(api, shop, gateway, "Refused for order 4712", timedelta())

    assert await new_declines(api, gateway, "other") == 3
