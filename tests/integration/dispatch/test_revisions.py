"""A newer decision on a payment, after its conversion was released, suppressed or sent."""

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import asyncpg
import pytest

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_common.errors import TransientError
from orylo_common.messages import (
    ConversionCorrectionChanged,
    ConversionDispatched,
    ConversionMatched,
    ConversionSuppressed,
    Decision,
    DetectionCreated,
    PaymentSucceeded,
    ReplacedDecision,
)
from orylo_dispatch.conversions import deliveries
from orylo_dispatch.domain.conversion import ANONYMOUS
from tests.integration.dispatch.running import Dispatch, Shop
from tests.integration.dispatch.test_delivery import received
from tests.support.eventually import eventually
from tests.unit.dispatch.cases import detection
from tests.unit.dispatch.test_enrichment import NAMELESS, later

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _nameless_conversions_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long enough for a machine that stalls."""
    monkeypatch.setattr(deliveries, "ENRICHMENT_WAIT", timedelta(minutes=5))


def newer(paid: PaymentSucceeded, decision: Decision, version: int) -> DetectionCreated:
    """Build a decision that replaces the one before."""
    replaces = ReplacedDecision(
        detection_id=uuid4(),
        payment_type=paid.type,
        decision=Decision.ALLOW,
        degraded=False,
        amount_minor=paid.amount_minor,
        currency=paid.currency,
    )
    return detection(paid, decision, version=version, replaces=replaces)


async def corrections(dispatch: Dispatch) -> list[str | None]:
    return [each["correction"] for each in await dispatch.pool.fetch("SELECT correction FROM dispatch.deliveries")]


async def test_the_newest_decision_counts_in_any_order(dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta) -> None:
    for number, order in enumerate(permutations(range(3))):
        paid = shop.payment(number, **NAMELESS)
        decisions = [
            detection(paid, Decision.ALLOW, version=1),
            newer(paid, Decision.BLOCK, 2),
            newer(paid, Decision.REVIEW, 4),
        ]
        # A nameless conversion waits for its buyer, so nothing is sent meanwhile.
        await dispatch.pay(paid)
        for position in order:
            await dispatch.decide(decisions[position])
        assert (await dispatch.states())[paid.payment_id] == "pending", order


async def test_a_conversion_that_is_not_sent_yet_is_suppressed_and_released_again(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    paid = shop.payment(**NAMELESS)
    await dispatch.allow(paid)
    await dispatch.decide(newer(paid, Decision.BLOCK, 2))
    await dispatch.decide(newer(paid, Decision.BLOCK, 2))
    assert await dispatch.states() == {paid.payment_id: "suppressed"}

    # The event that lifts the block also names the buyer, who must not get lost meanwhile.
    await dispatch.enrich(later(paid))
    assert await dispatch.states() == {paid.payment_id: "suppressed"}
    await dispatch.decide(newer(paid, Decision.ALLOW, 3))

    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert received(fake_meta) == {paid.payment_id: 1}
    assert fake_meta.datasets[shop.dataset_id].latest[-1]["user_data"]["em"]
    assert [each.decision_version for each in dispatch.broker.of(ConversionMatched)] == [0, 3]
    assert [(each.reason, each.decision_version) for each in dispatch.broker.of(ConversionSuppressed)] == [
        ("blocked", 2)
    ]
    assert await corrections(dispatch) == [None]


async def test_a_conversion_that_was_sent_is_marked_and_unmarked(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    paid = shop.payment()
    await dispatch.allow(paid)
    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    await dispatch.decide(newer(paid, Decision.REVIEW, 2))
    assert await corrections(dispatch) == [None]
    for _ in range(2):
        await dispatch.decide(newer(paid, Decision.BLOCK, 3))
    assert await corrections(dispatch) == ["blocked"]
    await dispatch.decide(newer(paid, Decision.ALLOW, 4))

    assert await corrections(dispatch) == [None]
    assert await dispatch.states() == {paid.payment_id: "dispatched"}
    await eventually(lambda: len(dispatch.broker.of(ConversionCorrectionChanged)) == 2)
    assert [(each.correction, each.decision_version) for each in dispatch.broker.of(ConversionCorrectionChanged)] == [
        ("blocked", 3),
        (None, 4),
    ]
    assert received(fake_meta) == {paid.payment_id: 1}


async def test_a_decision_about_a_conversion_that_is_being_sent_comes_again(
    dispatch: Dispatch, admin: asyncpg.Pool, shop: Shop
) -> None:
    paid = shop.payment(**NAMELESS)
    await dispatch.allow(paid)
    await admin.execute("UPDATE dispatch.deliveries SET started_at = now(), due_at = now() + interval '1 minute'")
    with pytest.raises(TransientError):
        await dispatch.decide(newer(paid, Decision.BLOCK, 2))
    await admin.execute("UPDATE dispatch.deliveries SET state = 'dispatched', started_at = NULL, settled_at = now()")
    await dispatch.decide(newer(paid, Decision.BLOCK, 2))

    assert await corrections(dispatch) == ["blocked"]


async def test_a_failed_conversion_of_a_blocked_payment_cannot_be_sent_again(
    dispatch: Dispatch, admin: asyncpg.Pool, shop: Shop
) -> None:
    paid = shop.payment(**NAMELESS)
    await dispatch.allow(paid)
    await admin.execute("UPDATE dispatch.deliveries SET state = 'failed', code = $1, settled_at = now()", ANONYMOUS)
    await dispatch.decide(newer(paid, Decision.BLOCK, 2))
    await dispatch.enrich(later(paid))

    assert await dispatch.states() == {paid.payment_id: "suppressed"}
