"""A block of a paid payment is announced on its own, besides the decision."""

from typing import Any

import pytest

from orylo_common.messages import (
    DetectionCreated,
    PaymentBlocked,
    PaymentCreated,
    PaymentFailed,
    PaymentSucceeded,
    decode,
)
from orylo_detector.domain.known_payment import DecidablePayment
from tests.unit.detector.cases import attempts, features, payment
from tests.unit.detector.test_handlers import MemoryPayments

ATTACK = features({"card": attempts(20)})


async def test_the_block_of_a_paid_payment_is_announced_once() -> None:
    store, fact = MemoryPayments(ATTACK), payment(PaymentSucceeded)
    await store.decide(fact, fact)

    detection, block = (decode(outgoing.body) for outgoing in store.announced)
    assert isinstance(detection, DetectionCreated)
    assert isinstance(block, PaymentBlocked)
    assert (block.payment_id, block.customer_id, block.event_id) == (fact.payment_id, fact.customer_id, fact.event_id)
    assert (block.occurred_at, block.causation_id) == (fact.occurred_at, fact.message_id)


@pytest.mark.parametrize(
    ("kind", "changes"), [(PaymentCreated, {}), (PaymentFailed, {}), (PaymentSucceeded, {"test": True})]
)
async def test_other_blocks_are_decisions_only(kind: type[DecidablePayment], changes: dict[str, Any]) -> None:
    store = MemoryPayments(ATTACK)
    await store.decide(payment(kind, **changes))
    assert [outgoing.type for outgoing in store.announced] == ["detection.created.v1"]


async def test_an_allowed_payment_is_announced_without_a_block() -> None:
    store = MemoryPayments()
    await store.decide(payment(PaymentSucceeded))
    assert [outgoing.type for outgoing in store.announced] == ["detection.created.v1"]


@pytest.mark.parametrize(("livemode", "test"), [(True, False), (False, False), (True, True)])
async def test_a_decision_names_the_mode_of_the_payment(livemode: bool, test: bool) -> None:
    store = MemoryPayments(ATTACK)
    await store.decide(payment(PaymentSucceeded, livemode=livemode, test=test))

    detection = decode(store.announced[0].body)
    assert isinstance(detection, DetectionCreated)
    assert (detection.livemode, detection.test) == (livemode, test)
