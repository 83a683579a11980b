"""A payment whose first event does not name the buyer and whose later event does, on real PostgreSQL."""

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
from orylo_dispatch.conversions import deliveries
from orylo_dispatch.domain.enrichment import ENRICHMENT_WAIT
from tests.integration.dispatch.conftest import DATASET, read_attempts
from tests.integration.dispatch.running import Dispatch, Shop, open_shop, running_dispatch
from tests.support.eventually import eventually
from tests.unit.dispatch.cases import CLICK_ID, EMAIL, click_recorded, detection, hashed
from tests.unit.dispatch.test_enrichment import NAMELESS, later

pytestmark = pytest.mark.integration


@pytest.fixture
def long_enrichment_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "ENRICHMENT_WAIT", timedelta(minutes=5))


@pytest.fixture
def no_enrichment_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "ENRICHMENT_WAIT", timedelta(0))


@pytest.fixture
async def nameless(shop: Shop) -> PaymentSucceeded:
    return shop.payment(**NAMELESS)


@pytest.fixture
async def other(postgres_dsn: str, fake_meta: FakeMeta, shop: Shop) -> AsyncIterator[Dispatch]:
    async with running_dispatch(postgres_dsn, fake_meta) as replica:
        yield replica


def received(meta: FakeMeta) -> dict[str, dict[str, Any]]:
    """Return the user data that Meta received, by event id."""
    return {event["event_id"]: event["user_data"] for event in meta.datasets[DATASET].latest}


@pytest.mark.usefixtures("long_enrichment_wait")
@pytest.mark.parametrize("order", list(permutations(["payment", "decision", "later"])), ids="-".join)
async def test_the_buyer_is_named_in_any_order_of_messages(
    dispatch: Dispatch, fake_meta: FakeMeta, nameless: PaymentSucceeded, order: tuple[str, ...]
) -> None:
    send = {
        "payment": partial(dispatch.pay, nameless),
        "decision": partial(dispatch.decide, detection(nameless)),
        "later": partial(dispatch.enrich, later(nameless)),
    }
    for message in order:
        await send[message]()

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta)[nameless.payment_id]["em"] == [EMAIL]
    assert len(dispatch.broker.of(ConversionMatched)) == 1
    assert dispatch.broker.of(ConversionFailed) == []


@pytest.mark.usefixtures("long_enrichment_wait")
async def test_many_payments_at_once_in_two_replicas(
    dispatch: Dispatch, other: Dispatch, fake_meta: FakeMeta, shop: Shop
) -> None:
    payments = [shop.payment(number, **NAMELESS) for number in range(40)]
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


async def test_a_payment_that_stays_nameless_is_sent_with_our_own_id_after_the_wait(
    dispatch: Dispatch, fake_meta: FakeMeta, shop: Shop
) -> None:
    began = asyncio.get_running_loop().time()
    await dispatch.allow(shop.payment(**NAMELESS | {"customer_id": "cus_" + "0" * 32}))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert asyncio.get_running_loop().time() - began >= ENRICHMENT_WAIT.total_seconds() - 0.5
    assert "external_id" in received(fake_meta)["stripe:pi_1"]


@pytest.mark.usefixtures("long_enrichment_wait")
@pytest.mark.parametrize("first", ["payment", "later", "one batch"])
async def test_each_of_several_later_events_adds_its_identifiers(
    dispatch: Dispatch, fake_meta: FakeMeta, nameless: PaymentSucceeded, first: str
) -> None:
    """A charge may have only the country, and the later session the address."""
    charge = later(nameless, match_keys=MatchKeys(country=hashed("br")), customer_id=None)
    session = later(nameless, event_id="event-session")
    if first == "payment":
        await dispatch.allow(nameless)
        await dispatch.enrich(charge)
        assert await dispatch.states() == {nameless.payment_id: "pending"}
        assert dispatch.broker.of(ConversionFailed) == []
        await dispatch.enrich(charge)
        await dispatch.enrich(session)
        # The repeated charge is stored once.
        assert await dispatch.pool.fetchval("SELECT jsonb_array_length(later) FROM dispatch.enrichments") == 2
    elif first == "later":
        await dispatch.enrich(charge)
        await dispatch.enrich(session)
        await dispatch.allow(nameless)
    else:
        await asyncio.gather(dispatch.enrich(charge), dispatch.enrich(session), dispatch.allow(nameless))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta)[nameless.payment_id]["em"] == [EMAIL]
    assert received(fake_meta)[nameless.payment_id]["country"] == [hashed("br")]


@pytest.mark.usefixtures("no_enrichment_wait")
async def test_a_conversion_that_failed_as_anonymous_is_sent_once_the_buyer_is_named(
    dispatch: Dispatch, fake_meta: FakeMeta, nameless: PaymentSucceeded
) -> None:
    await dispatch.allow(nameless)
    await eventually(lambda: bool(dispatch.broker.of(ConversionFailed)))
    assert dispatch.broker.of(ConversionFailed)[0].code == "anonymous"

    await dispatch.enrich(later(nameless))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta)[nameless.payment_id]["em"] == [EMAIL]
    assert [attempt["outcome"] for attempt in await read_attempts(dispatch.pool)] == ["refused", "dispatched"]


@pytest.mark.usefixtures("long_enrichment_wait")
async def test_a_later_event_can_match_the_click(dispatch: Dispatch, shop: Shop, nameless: PaymentSucceeded) -> None:
    clicked_at = datetime.now(UTC) - timedelta(hours=1)
    await dispatch.click(click_recorded(tenant_id=shop.tenant_id, occurred_at=clicked_at))
    await dispatch.allow(nameless)
    await dispatch.enrich(later(nameless, tracking=Tracking(src=CLICK_ID)))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    [sent] = dispatch.broker.of(ConversionDispatched)
    assert (sent.match.method, sent.match.click_id) == ("click_id", CLICK_ID)


async def test_a_named_buyer_is_never_replaced(dispatch: Dispatch, fake_meta: FakeMeta, shop: Shop) -> None:
    paid = shop.payment()
    someone_else = later(paid, match_keys=MatchKeys(email=hashed("bia@example.com")))
    await dispatch.enrich(someone_else)
    await dispatch.allow(paid)
    await dispatch.enrich(someone_else)

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    await dispatch.enrich(someone_else)
    assert await dispatch.states() == {paid.payment_id: "dispatched"}
    assert received(fake_meta)[paid.payment_id]["em"] == [EMAIL]


@pytest.mark.usefixtures("long_enrichment_wait")
async def test_a_blocked_payment_stays_suppressed(dispatch: Dispatch, nameless: PaymentSucceeded) -> None:
    await dispatch.pay(nameless)
    await dispatch.decide(detection(nameless, Decision.BLOCK))
    await dispatch.enrich(later(nameless))

    assert await dispatch.states() == {nameless.payment_id: "suppressed"}


@pytest.mark.usefixtures("long_enrichment_wait")
async def test_the_payment_of_another_tenant_with_the_same_id_is_unchanged(
    dispatch: Dispatch, admin: asyncpg.Pool, nameless: PaymentSucceeded
) -> None:
    other_shop = await open_shop(admin, "outra", "999")
    await eventually(lambda: bool(dispatch.plane.destinations(other_shop.tenant_id)))
    await dispatch.allow(nameless)
    await dispatch.enrich(later(nameless, tenant_id=other_shop.tenant_id))

    assert await dispatch.pool.fetchval("SELECT due_at > now() + interval '1 minute' FROM dispatch.deliveries")


@pytest.mark.usefixtures("long_enrichment_wait")
async def test_a_conversion_that_is_being_sent_is_enriched_after_its_attempt(
    dispatch: Dispatch, admin: asyncpg.Pool, fake_meta: FakeMeta, nameless: PaymentSucceeded
) -> None:
    await dispatch.allow(nameless)
    await admin.execute("UPDATE dispatch.deliveries SET attempts = 1, started_at = now()")
    with pytest.raises(TransientError, match="being sent"):
        await dispatch.enrich(later(nameless))

    await admin.execute("UPDATE dispatch.deliveries SET state = 'failed', code = 'anonymous', started_at = NULL")
    await dispatch.enrich(later(nameless))
    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta)[nameless.payment_id]["em"] == [EMAIL]
