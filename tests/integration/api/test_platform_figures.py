"""Figures of all tenants for operators, and the database's slow statements."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from orylo_api.platform.slow_queries import NOT_INSTALLED, NOT_LOADED
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionFailed, Decision, PaymentFailed, PaymentSucceeded
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.unit.api.builders import conversion, detection, payment, rejected

pytestmark = pytest.mark.integration

Client = aiohttp.ClientSession


@pytest.fixture
async def operator(api: Api) -> Client:
    platform = await make_shop(api.pool, f"platform-{uuid7().hex}")
    return api.client((await api.user(platform, Role.OPERATOR, f"otto@{uuid7().hex}.example")).bearer)


async def get(client: Client, path: str) -> Any:
    async with client.get(f"/api/v1/platform/{path}") as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def all_of(client: Client, path: str) -> list[dict[str, Any]]:
    """Return the items of all pages, two at a time."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await get(client, f"{path}&limit=2{cursor}")
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


async def sell(api: Api, shop: Shop, number: int, *, currency: str, decision: Decision | None) -> None:
    about: dict[str, Any] = {
        "tenant_id": shop.tenant.id,
        "payment_id": f"stripe:{shop.tenant.slug}_{number}",
        "occurred_at": api.clock.now(),
        "currency": currency,
    }
    await api.project(payment(PaymentSucceeded, **about))
    if decision is not None:
        await api.project(detection(**about, decision=decision))


async def test_the_tenant_with_the_most_trouble_is_first(api: Api, operator: Client) -> None:
    now = api.clock.stop()
    shops = [await make_shop(api.pool, f"loja-{uuid7().hex}") for _ in range(3)]
    for shop, failures in zip(shops, (1, 3, 0), strict=True):
        for number in range(failures):
            about = {"tenant_id": shop.tenant.id, "payment_id": f"stripe:{shop.tenant.slug}_{number}"}
            await api.project(conversion(ConversionFailed, **about, occurred_at=now))
    await api.project(rejected(tenant_id=shops[0].tenant.id, occurred_at=now, count=7))
    names = {shop.tenant.slug: number for number, shop in enumerate(shops)}
    ranked = [each for each in await all_of(operator, "analytics?order=trouble") if each["slug"] in names]
    assert [(names[each["slug"]], each["rejected"], each["dead_letters"], each["trouble"]) for each in ranked] == [
        (0, 7, 1, 8),
        (1, 0, 3, 3),
        (2, 0, 0, 0),
    ]


async def test_payments_decisions_and_money_are_summed_by_tenant_and_currency(api: Api, operator: Client) -> None:
    api.clock.stop()
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    for number, (currency, decision) in enumerate(
        (("BRL", Decision.ALLOW), ("BRL", Decision.BLOCK), ("USD", Decision.REVIEW), ("BRL", None))
    ):
        await sell(api, shop, number, currency=currency, decision=decision)
    declined = {"payment_id": f"stripe:{shop.tenant.slug}_9", "occurred_at": api.clock.now()}
    await api.project(payment(PaymentFailed, tenant_id=shop.tenant.id, **declined))

    async def figures(query: str) -> dict[str, Any]:
        [found] = [each for each in await all_of(operator, query) if each["slug"] == shop.tenant.slug]
        return found

    found = await figures("analytics?order=payments")
    assert (found["payments"], found["webhooks"]) == (5, 5)
    assert found["decisions"] == {"allow": 1, "review": 1, "block": 1, "undecided": 2}
    assert found["money"] == [
        {"currency": "BRL", "payments": 4, "amount_minor": 5000, "succeeded_minor": 3750, "refunded_minor": 0},
        {"currency": "USD", "payments": 1, "amount_minor": 1250, "succeeded_minor": 1250, "refunded_minor": 0},
    ]
    before = api.clock.now() - timedelta(days=2)
    earlier = await figures(f"analytics?order=blocked&to={before:%Y-%m-%dT%H:%M:%SZ}")
    assert (earlier["payments"], earlier["money"]) == (0, [])


@pytest.mark.parametrize(("start", "end"), [("2026-01-01", "2026-06-01"), ("2026-02-01", "2026-01-01")])
async def test_a_range_is_bounded(operator: Client, start: str, end: str) -> None:
    query = f"from={start}T00:00:00Z&to={end}T00:00:00Z"
    async with operator.get(f"/api/v1/platform/analytics?{query}") as response:
        assert (response.status, (await response.json())["errors"][0]["field"]) == (422, "query.from")


async def test_the_list_of_tenants_has_their_figures(api: Api, operator: Client) -> None:
    now = api.clock.stop()
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    await sell(api, shop, 1, currency="BRL", decision=None)
    await api.project(conversion(ConversionFailed, tenant_id=shop.tenant.id, payment_id="stripe:pi_1"))
    [tenant] = (await get(operator, f"tenants?q={shop.tenant.slug}"))["items"]
    assert tenant["figures"]["last_webhook_at"] == f"{now:%Y-%m-%dT%H:%M}:00Z"
    assert (tenant["figures"]["webhooks_per_day"], tenant["figures"]["open_dead_letters"]) == (0.1, 1)
    assert tenant["users"] == 1


# The tests' server has no extensions, so the extension is a row of the catalogue and a view of the same name.
NAME_EXTENSION = """
    SET LOCAL allow_system_table_mods = on;
    CREATE SCHEMA counting;
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (99999, 'pg_stat_statements', 10, 'counting'::regnamespace, true, '1.10');
    CREATE FUNCTION counting.statements() RETURNS TABLE (
        dbid oid, queryid bigint, query text, calls bigint, total_exec_time float8, max_exec_time float8, rows bigint
    ) LANGUAGE plpgsql AS $$
    BEGIN
        RAISE object_not_in_prerequisite_state USING MESSAGE = 'must be loaded via "shared_preload_libraries"';
    END $$;
    CREATE VIEW counting.pg_stat_statements AS SELECT * FROM counting.statements();
"""
COUNT_STATEMENTS = """
    CREATE OR REPLACE VIEW counting.pg_stat_statements AS
    SELECT (SELECT oid FROM pg_database WHERE datname = current_database()) AS dbid, id AS queryid, text AS query,
           calls, ms * calls AS total_exec_time, ms AS max_exec_time, calls AS rows
    FROM (
        VALUES (1::bigint, $text$SELECT $1, 'ana@shop.example'$text$, 10::bigint, 5::float8),
            (2, 'UPDATE t SET a = 42', 1, 40),
            (3, 'CREATE ROLE x PASSWORD $$secret$$', 1, 900),
            (4, '<insufficient privilege>', 1, 900)
    ) AS statements (id, text, calls, ms)
"""


async def test_slow_statements_are_shown_without_values_where_they_are_counted(api: Api, operator: Client) -> None:
    missing = await get(operator, "slow-queries")
    assert (missing["status"], missing["detail"], missing["items"]) == ("missing", NOT_INSTALLED, [])
    async with api.pool.acquire() as connection, connection.transaction():
        await connection.execute(NAME_EXTENSION)
    assert (await get(operator, "slow-queries"))["detail"] == NOT_LOADED

    await api.pool.execute(COUNT_STATEMENTS)
    by_total = await get(operator, "slow-queries")
    assert by_total["status"] == "ok"
    assert [(each["query"], each["calls"], each["total_ms"]) for each in by_total["items"]] == [
        ("SELECT $1, ?", 10, 50.0),
        ("UPDATE t SET a = ?", 1, 40.0),
    ]
    by_mean = await get(operator, "slow-queries?order=mean&limit=1")
    assert [each["mean_ms"] for each in by_mean["items"]] == [40.0]


async def test_no_role_of_the_api_reads_the_statistics_itself(api: Api) -> None:
    granted = await api.pool.fetchval(
        "SELECT pg_has_role('orylo_api_projector', 'pg_read_all_stats', 'member') "
        "OR has_function_privilege('orylo_api', 'api.slow_statements(boolean, integer)', 'execute')"
    )
    assert granted is False
