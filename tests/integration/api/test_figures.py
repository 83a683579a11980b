"""Overview, time series and funnel of any period and time zone, counted again from the messages."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import uuid_utils

from orylo_common.ids import uuid7
from orylo_common.messages import (
    ClickRecorded,
    ConversionDispatched,
    ConversionMatched,
    ConversionSuppressed,
    Decision,
    Match,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.integration.api.test_endpoints import get, refused
from tests.unit.api.builders import conversion, detection, payment

pytestmark = pytest.mark.integration

KATHMANDU = "Asia/Kathmandu"


async def new_shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


def of(shop: Shop, at: datetime, number: int, **changes: Any) -> dict[str, Any]:
    gateway = ("stripe", "hotmart")[number % 2]
    return {
        "tenant_id": shop.tenant.id,
        "payment_id": f"{gateway}:{number}",
        "event_id": f"evt_{number}",
        "occurred_at": at,
        **changes,
    }


def uuid7_at(at: datetime) -> UUID:
    """Return a conversion's id, which has the time at which it was made."""
    return UUID(int=uuid_utils.uuid7(nanoseconds=int(at.timestamp() * 1e9)).int)


def moment(number: int) -> datetime:
    """Return one of 60 moments over 15 days, 6 hours and some minutes apart."""
    return datetime(2026, 10, 25, 0, 7, tzinfo=UTC) + number * timedelta(hours=6, minutes=13)


async def a_fortnight(api: Api) -> Shop:
    shop = await new_shop(api)
    await api.project(
        *(
            payment(
                PaymentSucceeded,
                **of(shop, moment(number), number),
                gateway=("stripe", "hotmart")[number % 2],
                amount_minor=100 + number,
                currency=("BRL", "USD")[number % 3 == 0],
            )
            for number in range(60)
        )
    )
    return shop


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", KATHMANDU])
async def test_days_are_those_of_the_time_zone(api: Api, zone: str) -> None:
    shop = await a_fortnight(api)
    query = {"from": "2026-10-20T00:00:00Z", "to": "2026-11-15T00:00:00Z", "granularity": "day", "timezone": zone}
    series = await get(api.client(shop.bearer), "/api/v1/timeseries", **query, metrics="succeeded")

    expected: dict[str, int] = {}
    for number in range(60):
        day = moment(number).astimezone(ZoneInfo(zone)).date().isoformat()
        expected[day] = expected.get(day, 0) + 1
    (line,) = series["lines"]
    days = [datetime.fromisoformat(at).astimezone(ZoneInfo(zone)).date().isoformat() for at in series["at"]]
    found = {day: count for day, count in zip(days, line["metrics"]["succeeded"], strict=True) if count}
    assert found == expected
    assert len(days) == len(set(days))


async def test_a_series_is_split_and_adds_up(api: Api) -> None:
    shop = await a_fortnight(api)
    client = api.client(shop.bearer)
    whole = {"from": "2026-10-25T00:00:00Z", "to": "2026-11-10T00:00:00Z", "granularity": "day"}
    by_gateway = await get(client, "/api/v1/timeseries", **whole, metrics="succeeded", split="gateway")
    assert {line["value"]: sum(line["metrics"]["succeeded"]) for line in by_gateway["lines"]} == {
        "stripe": 30,
        "hotmart": 30,
    }
    by_method = await get(client, "/api/v1/timeseries", **whole, metrics="payments,success_rate", split="method")
    assert [(line["value"], sum(line["metrics"]["payments"])) for line in by_method["lines"]] == [("card", 60)]
    by_currency = await get(client, "/api/v1/timeseries", **whole, metrics="succeeded_minor", split="currency")
    amounts = {line["value"]: sum(line["metrics"]["succeeded_minor"]) for line in by_currency["lines"]}
    assert amounts == {
        "BRL": sum(100 + number for number in range(60) if number % 3),
        "USD": sum(100 + number for number in range(0, 60, 3)),
    }
    hours = await get(client, "/api/v1/timeseries", **whole | {"granularity": "hour"}, metrics="success_rate")
    (line,) = hours["lines"]
    assert set(line["metrics"]["success_rate"]) == {None, 1.0}


async def test_a_day_of_a_zone_shows_nothing_of_the_rest_of_the_day_of_utc(api: Api) -> None:
    shop = await new_shop(api)
    # In São Paulo the first one is of the day before.
    night, noon = datetime(2026, 10, 26, 1, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC)
    await api.project(
        payment(PaymentSucceeded, **of(shop, night, 1), gateway="hotmart"),
        payment(PaymentSucceeded, **of(shop, noon, 2), gateway="stripe"),
    )
    day = {"from": "2026-10-26T00:00:00-03:00", "to": "2026-10-27T00:00:00-03:00", "timezone": "America/Sao_Paulo"}
    client = api.client(shop.bearer)
    series = await get(client, "/api/v1/timeseries", **day, granularity="day", metrics="payments", split="gateway")
    assert [(line["value"], line["metrics"]) for line in series["lines"]] == [("stripe", {"payments": [1]})]
    assert (await get(client, "/api/v1/overview", **day))["period"]["attempts"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"metrics": "sales"}, "query.metrics"),
        ({"metrics": "succeeded_minor"}, "query.currency"),
        ({"metrics": "clicks", "split": "gateway"}, "query.split"),
        ({"metrics": "conversions", "split": "decision"}, "query.split"),
        ({"metrics": "webhooks", "currency": "BRL"}, "query.currency"),
        ({"metrics": "stopped", "split": "method"}, "query.split"),
        ({"metrics": "failed", "split": "method", "granularity": "minute"}, "query.granularity"),
        ({"granularity": "minute", "from": "2026-01-01T00:00:00Z"}, "query.granularity"),
        ({"granularity": "hour", "from": "2026-01-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}, "query.granularity"),
        ({"from": "2020-01-01T00:00:00Z"}, "query.from"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "query.to"),
        ({"timezone": "Mars/Olympus"}, "query.timezone"),
    ],
)
async def test_a_series_that_cannot_be_made_is_refused(api: Api, query: dict[str, str], field: str) -> None:
    assert await refused(api.client(api.a.bearer), "/api/v1/timeseries", **query) == (422, [field])


async def test_minutes_of_the_last_hours(api: Api) -> None:
    shop, now = await new_shop(api), api.clock.stop()
    at = now - timedelta(minutes=90)
    await api.project(payment(PaymentSucceeded, **of(shop, at, 1)))
    query = {"from": (now - timedelta(hours=2)).isoformat(), "granularity": "minute", "metrics": "succeeded"}
    series = await get(api.client(shop.bearer), "/api/v1/timeseries", **query)
    (line,) = series["lines"]
    found = [start for start, count in zip(series["at"], line["metrics"]["succeeded"], strict=True) if count]
    assert [datetime.fromisoformat(start) for start in found] == [at.replace(second=0, microsecond=0)]


async def test_the_overview_of_a_period_and_the_one_before(api: Api) -> None:
    shop, now = await new_shop(api), api.clock.stop().replace(microsecond=0)
    paid_at, day_before = now - timedelta(hours=1), now - timedelta(hours=25)
    blocked = of(shop, paid_at, 4, amount_minor=900)
    await api.project(
        payment(PaymentSucceeded, **of(shop, paid_at, 1, amount_minor=700)),
        payment(PaymentSucceeded, **of(shop, paid_at, 2, amount_minor=500)),
        payment(PaymentRefunded, **of(shop, now, 2), refunded_minor=200, full=False),
        payment(PaymentFailed, **of(shop, paid_at, 3, failure_code="insufficient_funds")),
        payment(PaymentFailed, **blocked, failure_code="fraudulent"),
        detection(**blocked, decision=Decision.BLOCK),
        payment(PaymentSucceeded, **of(shop, day_before, 5)),
    )
    query = {"from": (now - timedelta(hours=3)).isoformat(), "compare": "previous_day"}
    found = await get(api.client(shop.bearer), "/api/v1/overview", **query)

    period = found["period"]
    assert period["sales"] == {"payments": 2, "amounts": [{"currency": "BRL", "minor": 1200}]}
    assert period["refunded"] == {"payments": 1, "amounts": [{"currency": "BRL", "minor": 200}]}
    assert (period["attempts"], period["success_rate"]) == (4, 0.5)
    assert {each["code"]: each["payments"] for each in period["declines"]} == {"insufficient_funds": 1, "fraudulent": 1}
    assert period["decisions"]["block"] == 1
    stopped = period["fraud_stopped"]
    assert stopped["total"] == stopped["declined"] == {"payments": 1, "amounts": [{"currency": "BRL", "minor": 900}]}
    assert (stopped["share"], stopped["refunded"]["payments"]) == (0.25, 0)
    assert found["compared"]["sales"]["payments"] == 1
    other = await get(api.client((await new_shop(api)).bearer), "/api/v1/overview", **query)
    assert other["period"]["sales"] == {"payments": 0, "amounts": []}


async def test_what_reached_the_destination_and_how_it_was_matched(api: Api) -> None:
    shop, now = await new_shop(api), api.clock.now()
    sent, waiting, kept = (
        of(shop, now, number, conversion_id=uuid7_at(now)) | {"event_id": f"evt_{number}"} for number in (1, 2, 3)
    )
    email = Match(method="email", confidence=0.8, click_id="clk_2")
    await api.project(
        conversion(ConversionMatched, **sent),
        conversion(ConversionDispatched, **sent | {"occurred_at": now + timedelta(seconds=2)}, amount_minor=800),
        conversion(ConversionMatched, **waiting, match=email),
        conversion(ConversionSuppressed, **kept, match=Match(method="none", confidence=0)),
    )
    query = {"from": (now - timedelta(hours=1)).isoformat()}
    period = (await get(api.client(shop.bearer), "/api/v1/overview", **query))["period"]

    reached = period["reached"]
    assert {name: reached[name] for name in ("due", "dispatched", "pending", "failed", "suppressed", "rate")} == {
        "due": 2,
        "dispatched": 1,
        "pending": 1,
        "failed": 0,
        "suppressed": 1,
        "rate": 0.5,
    }
    assert 1800 <= reached["p95_ms"] <= 2300
    assert period["match"] == {
        "rate": 1.0,
        "by_method": [{"method": "click_id", "conversions": 1}, {"method": "email", "conversions": 1}],
    }


async def test_the_funnel(api: Api) -> None:
    shop, now = await new_shop(api), api.clock.now()
    paid = of(shop, now, 1)
    click = {"tenant_id": shop.tenant.id, "occurred_at": now, "correlation_id": uuid7(), "kind": "pageview"}
    await api.project(
        *(ClickRecorded(message_id=uuid7(), click_id=f"clk_{number}", **click) for number in range(4)),
        payment(PaymentSucceeded, **paid),
        conversion(ConversionDispatched, **{**paid, "conversion_id": uuid7_at(now)}),
    )
    funnel = await get(api.client(shop.bearer), "/api/v1/funnel", compare="previous_week")
    assert [(step["stage"], step["count"], step["compared"]) for step in funnel["steps"]] == [
        ("click", 4, 0),
        ("checkout", 0, 0),
        ("payment", 1, 0),
        ("conversion", 1, 0),
    ]


RECOUNT_PAYMENTS = """
    SELECT coalesce(sum(succeeded), 0), coalesce(sum(succeeded_minor) FILTER (WHERE currency = 'BRL'), 0)
    FROM api.counted_payments WHERE tenant_id = $1 AND at >= $2 AND at < $3
"""
RECOUNT_CONVERSIONS = """
    SELECT coalesce(sum(pending + dispatched + failed) FILTER (WHERE match_method <> 'none'), 0),
           coalesce(sum(dispatched), 0), coalesce(sum(suppressed), 0)
    FROM api.counted_conversions WHERE tenant_id = $1 AND at >= $2 AND at < $3
"""


@pytest.mark.parametrize("series", ["1h", "24h", "7d", "30d"])
async def test_all_parts_of_the_overview_are_sums_of_the_rows(api: Api, series: str) -> None:
    shop, now = await new_shop(api), api.clock.stop()
    for number in range(36):
        # Some within the hour, some 40 days ago.
        at = now - timedelta(minutes=7) * 1.24**number
        paid = of(shop, at, number, amount_minor=1000 + number, currency=("BRL", "USD")[number % 3 == 0])
        sent = {**paid, "conversion_id": uuid7_at(at)}
        match = Match(method=("email", "none")[number % 2], confidence=0.5, click_id=("clk_1", None)[number % 2])
        outcome = (ConversionMatched, ConversionDispatched, ConversionSuppressed)[number % 3]
        await api.project(
            payment(PaymentSucceeded, **paid),
            conversion(ConversionMatched, **sent, match=match),
            conversion(outcome, **sent),
        )
    found = await get(api.client(shop.bearer), "/api/v1/overview", range=series, timezone=KATHMANDU)

    async def recount(start: datetime, end: datetime) -> tuple[int, ...]:
        statements = (RECOUNT_PAYMENTS, RECOUNT_CONVERSIONS)
        rows = [row for each in statements for row in await api.pool.fetch(each, shop.tenant.id, start, end)]
        return tuple(int(value) for row in rows for value in row)

    names = ("payments_succeeded", "conversions_matched", "conversions_dispatched", "conversions_suppressed")
    starts = [datetime.fromisoformat(point["at"]) for point in found["series"]["points"]]
    step, succeeded = timedelta(seconds=found["series"]["step_s"]), 0
    for start, point in zip(starts, found["series"]["points"], strict=True):
        payments, _, *conversions = await recount(start, start + step)
        assert [point["counts"][name] for name in names] == [payments, *conversions]
        succeeded += payments
    assert succeeded
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    for total, hours in ((found["last_24h"], 23), (found["last_7d"], 167)):
        payments, reais, *conversions = await recount(this_hour - timedelta(hours=hours), now + timedelta(minutes=1))
        assert [total["counts"][name] for name in names] == [payments, *conversions]
        assert {each["currency"]: each["succeeded_minor"] for each in total["amounts"]}["BRL"] == reais
