"""A payment whose first event names no buyer, and the later event that does, on real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any

import asyncpg
import pytest

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_common.errors import TransientError
from orylo_common.messages import (
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    Decision,
    MatchKeys,
    PaymentSucceeded,
    Tracking,
)
from orylo_dispatch.conversions import store
from orylo_dispatch.domain.enrichment import PATIENCE
from tests.integration.dispatch.conftest import DATASET
from tests.integration.dispatch.running import Dispatch, Shop, open_shop, running_dispatch
from tests.support.eventually import eventually
from tests.unit.dispatch.cases import CLICK_ID, EMAIL, click_recorded, detection, hashed
from tests.unit.dispatch.test_enrichment import NOBODY, later

pytestmark = pytest.mark.integration


@pytest.fixture
def long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PATIENCE", timedelta(minutes=5))


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PATIENCE", timedelta(0))


@pytest.fixture
async def nobodys(shop: Shop) -> PaymentSucceeded:
    return shop.payment(**NOBODY)


@pytest.fixture
async def other(postgres_dsn: str, fake_meta: FakeMeta, shop: Shop) -> AsyncIterator[Dispatch]:
    async with running_dispatch(postgres_dsn, fake_meta) as replica:
        yield replica


def received(meta: FakeMeta) -> dict[str, dict[str, Any]]:
    """What Meta was told of each buyer, by the sale."""
    return {event["event_id"]: event["user_data"] for event in meta.datasets[DATASET].latest}


@pytest.mark.usefixtures("long_patience")
@pytest.mark.parametrize("order", list(permutations(["payment", "decision", "later"])), ids="-".join)
async def test_the_buyer_is_named_in_whichever_order_it_comes(
    dispatch: Dispatch, fake_meta: FakeMeta, nobodys: PaymentSucceeded, order: tuple[str, ...]
) -> None:
    tell = {
        "payment": partial(dispatch.pay, nobodys),
        "decision": partial(dispatch.decide, detection(nobodys)),
        "later": partial(dispatch.enrich, later(nobodys)),
    }
    for what in order:
        await tell[what]()

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta)[nobodys.payment_id]["em"] == [EMAIL]
    assert len(dispatch.broker.of(ConversionMatched)) == 1
    assert dispatch.broker.of(ConversionFailed) == []


@pytest.mark.usefixtures("long_patience")
async def test_many_at_once_in_two_replicas(
    dispatch: Dispatch, other: Dispatch, fake_meta: FakeMeta, shop: Shop
) -> None:
    payments = [shop.payment(number, **NOBODY) for number in range(40)]
    await asyncio.gather(
        *(dispatch.allow(paid) for paid in payments),
        *(other.enrich(later(paid)) for paid in payments),
        *(dispatch.enrich(later(paid)) for paid in payments[::2]),
    )

    async def all_sent() -> bool:
        return set((await dispatch.states()).values()) == {"dispatched"}

    await eventually(all_sent)
    assert {event_id: user["em"] for event_id, user in received(fake_meta).items()} == {
        paid.payment_id: [EMAIL] for paid in payments
    }


async def test_a_sale_that_stays_nameless_is_sent_by_our_own_id_after_a_while(
    dispatch: Dispatch, fake_meta: FakeMeta, shop: Shop
) -> None:
    began = asyncio.get_running_loop().time()
    await dispatch.allow(shop.payment(**NOBODY | {"customer_id": "cus_" + "0" * 32}))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert asyncio.get_running_loop().time() - began >= PATIENCE.total_seconds() - 0.5
    assert "external_id" in received(fake_meta)["stripe:pi_1"]


@pytest.mark.usefixtures("long_patience")
@pytest.mark.parametrize("first", ["payment", "later", "one batch"])
async def test_of_several_later_events_each_adds_what_it_knows(
    dispatch: Dispatch, fake_meta: FakeMeta, nobodys: PaymentSucceeded, first: str
) -> None:
    """A charge may know the country only, and the session after it the address."""
    charge = later(nobodys, match_keys=MatchKeys(country=hashed("br")), customer_id=None)
    session = later(nobodys, event_id="event-session")
    if first == "payment":
        await dispatch.allow(nobodys)
        await dispatch.enrich(charge)
        assert await dispatch.states() == {nobodys.payment_id: "pending"}
        assert dispatch.broker.of(ConversionFailed) == []
        await dispatch.enrich(charge)
        await dispatch.enrich(session)
        # Heard twice, told once.
        assert await dispatch.pool.fetchval("SELECT jsonb_array_length(later) FROM dispatch.enrichments") == 2
    elif first == "later":
        await dispatch.enrich(charge)
        await dispatch.enrich(session)
        await dispatch.allow(nobodys)
    else:
        await asyncio.gather(dispatch.enrich(charge), dispatch.enrich(session), dispatch.allow(nobodys))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta)[nobodys.payment_id]["em"] == [EMAIL]
    assert received(fake_meta)[nobodys.payment_id]["country"] == [hashed("br")]


@pytest.mark.usefixtures("no_patience")
async def test_what_was_given_up_as_anonymous_leaves_once_the_buyer_is_named(
    dispatch: Dispatch, fake_meta: FakeMeta, nobodys: PaymentSucceeded
) -> None:
    await dispatch.allow(nobodys)
    await eventually(lambda: bool(dispatch.broker.of(ConversionFailed)))
    assert dispatch.broker.of(ConversionFailed)[0].code == "anonymous"

    await dispatch.enrich(later(nobodys))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta)[nobodys.payment_id]["em"] == [EMAIL]
    attempts = await dispatch.pool.fetch("SELECT outcome FROM dispatch.attempts ORDER BY attempt_number")
    assert [row["outcome"] for row in attempts] == ["refused", "dispatched"]


@pytest.mark.usefixtures("long_patience")
async def test_the_click_is_found_by_what_the_later_event_tells(
    dispatch: Dispatch, shop: Shop, nobodys: PaymentSucceeded
) -> None:
    clicked_at = datetime.now(UTC) - timedelta(hours=1)
    await dispatch.click(click_recorded(tenant_id=shop.tenant_id, occurred_at=clicked_at))
    await dispatch.allow(nobodys)
    await dispatch.enrich(later(nobodys, tracking=Tracking(src=CLICK_ID)))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    [sent] = dispatch.broker.of(ConversionDispatched)
    assert (sent.match.method, sent.match.click_id) == ("click_id", CLICK_ID)


async def test_a_buyer_who_is_named_stays_who_they_are(dispatch: Dispatch, fake_meta: FakeMeta, shop: Shop) -> None:
    paid = shop.payment()
    someone_else = later(paid, match_keys=MatchKeys(email=hashed("bia@example.com")))
    await dispatch.enrich(someone_else)
    await dispatch.allow(paid)
    await dispatch.enrich(someone_else)

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    await dispatch.enrich(someone_else)
    assert await dispatch.states() == {paid.payment_id: "dispatched"}
    assert received(fake_meta)[paid.payment_id]["em"] == [EMAIL]


@pytest.mark.usefixtures("long_patience")
async def test_a_blocked_payment_stays_back(dispatch: Dispatch, nobodys: PaymentSucceeded) -> None:
    await dispatch.pay(nobodys)
    await dispatch.decide(detection(nobodys, Decision.BLOCK))
    await dispatch.enrich(later(nobodys))

    assert await dispatch.states() == {nobodys.payment_id: "suppressed"}


@pytest.mark.usefixtures("long_patience")
async def test_another_tenants_payment_of_the_same_id_is_not_touched(
    dispatch: Dispatch, admin: asyncpg.Pool, nobodys: PaymentSucceeded
) -> None:
    other_shop = await open_shop(admin, "outra", "999")
    await eventually(lambda: bool(dispatch.plane.destinations(other_shop.tenant_id)))
    await dispatch.allow(nobodys)
    await dispatch.enrich(later(nobodys, tenant_id=other_shop.tenant_id))

    assert await dispatch.pool.fetchval("SELECT due_at > now() + interval '1 minute' FROM dispatch.deliveries")


@pytest.mark.usefixtures("long_patience")
async def test_what_is_being_sent_is_named_after_that(
    dispatch: Dispatch, admin: asyncpg.Pool, fake_meta: FakeMeta, nobodys: PaymentSucceeded
) -> None:
    await dispatch.allow(nobodys)
    await admin.execute("UPDATE dispatch.deliveries SET attempts = 1, started_at = now()")
    with pytest.raises(TransientError, match="being sent"):
        await dispatch.enrich(later(nobodys))

    await admin.execute("UPDATE dispatch.deliveries SET state = 'failed', code = 'anonymous', started_at = NULL")
    await dispatch.enrich(later(nobodys))
    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta)[nobodys.payment_id]["em"] == [EMAIL]
