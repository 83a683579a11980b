"""The cost of finding a click does not depend on the number of clicks, and their number is bounded."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from orylo_common.control.sections.dispatch import DispatchPolicy
from orylo_common.messages import Tracking
from orylo_dispatch.conversions import clicks
from orylo_dispatch.conversions.clicks import find_candidates, record_clicks
from orylo_dispatch.conversions.facts import ClickSeen, PaymentSeen
from orylo_dispatch.domain.matching import Click, signals_of
from tests.integration.dispatch.running import Dispatch, Shop
from tests.unit.dispatch.cases import EMAIL, PHONE

pytestmark = pytest.mark.integration

# Rows that the current transaction has read, through indexes and without.
ROWS_READ = """
    SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'dispatch.clicks'::regclass
"""
FBP = "fb.1.1778000000000.1234567890"
# All from one shop, one browser and one address, without identifiers: the statistics that mislead the planner most.
MANY_CLICKS = """
    INSERT INTO dispatch.clicks (tenant_id, click_id, clicked_at, fbp, ip, user_agent)
    SELECT $1, 'c' || n, now() - interval '1 hour', $2, '203.0.113.7', 'Mozilla' FROM generate_series(1, 20000) AS n
"""


async def test_finding_the_last_click_does_not_read_the_others(
    dispatch: Dispatch, shop: Shop, admin: asyncpg.Pool
) -> None:
    await dispatch.pool.execute(MANY_CLICKS, shop.tenant_id, FBP)
    await admin.execute("ANALYZE dispatch.clicks")
    paid = [_paid(shop, number) for number in range(500)]

    async with dispatch.pool.acquire() as connection, connection.transaction():
        found = await find_candidates(connection, paid)
        read = await connection.fetchval(ROWS_READ)

    assert [len(clicks) for clicks in found[:2]] == [1, 0]
    # One row for each payment with the same browser. Reading all clicks for each of them would be millions.
    assert 250 <= read < 2_000


async def test_a_tenant_never_finds_the_click_of_another(dispatch: Dispatch, shop: Shop) -> None:
    other = UUID(int=7)
    await dispatch.pool.execute(MANY_CLICKS.replace("20000", "1"), other, FBP)

    async with dispatch.pool.acquire() as connection:
        assert await find_candidates(connection, [_paid(shop, 0)]) == [[]]


async def test_a_flood_of_visits_is_bounded_for_each_tenant(
    dispatch: Dispatch, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clicks, "MAX_REPORTS_PER_DAY", 3)
    other, day = UUID(int=7), date(2026, 11, 28)

    async def report(tenant_id: UUID, *names: str, on: date = day) -> None:
        seen = [ClickSeen(tenant_id, Click(click_id=name, clicked_at=datetime.now(UTC))) for name in names]
        async with dispatch.pool.acquire() as connection, connection.transaction():
            await record_clicks(connection, seen, on)

    async def recorded(tenant_id: UUID) -> int:
        return int(await dispatch.pool.fetchval("SELECT count(*) FROM dispatch.clicks WHERE tenant_id = $1", tenant_id))

    await report(shop.tenant_id, "a", "b")
    await report(shop.tenant_id, "c")
    await report(shop.tenant_id, "d")
    await report(other, "a")
    assert (await recorded(shop.tenant_id), await recorded(other)) == (3, 1)

    await report(shop.tenant_id, "e", on=day + timedelta(days=1))
    assert await recorded(shop.tenant_id) == 4


def _paid(shop: Shop, number: int) -> PaymentSeen:
    """Even numbers have the browser of all clicks; odd numbers have nothing in common with any."""
    known = {"fbp": FBP} if number % 2 == 0 else {}
    payment = shop.payment(number, tracking=Tracking(**known), match_keys={"email": EMAIL, "phone": PHONE})
    return PaymentSeen(payment, signals_of(payment), DispatchPolicy(), [])
