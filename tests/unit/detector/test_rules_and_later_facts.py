"""Rules follow the facts: a payment that a later event tells more about is decided again with them."""

import pytest

from orylo_common.messages import Decision, PaymentEnriched, PaymentSucceeded
from orylo_detector.detectors import custom_rules
from orylo_detector.detectors.custom_rules import RuleBook
from orylo_detector.domain.fuse import blocks_by_rule_or_risk
from orylo_rules import RuleSet
from tests.unit.detector.cases import payment
from tests.unit.detector.test_custom_rules import BLOCK, UNHURRIED, Plane, points, rule
from tests.unit.detector.test_handlers import MemoryPayments


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom_rules, "RuleSet", lambda rules: RuleSet(rules, time_limit=UNHURRIED))


PREPAID = 'card.funding == "prepaid"'
BLIND = payment(PaymentSucceeded, payment_id="stripe:pi_1", card=None)
CARD = {"fingerprint": "fp_1", "last4": "4242", "funding": "prepaid"}
NAMED = payment(PaymentEnriched, payment_id="stripe:pi_1", card=CARD)


async def test_a_rule_applies_once_its_value_is_known() -> None:
    store = MemoryPayments(rules=RuleBook(Plane(rule(BLOCK, PREPAID))))
    first, second = await store.decide(BLIND, NAMED)

    assert (first.decision, first.rules, second.decision) == (Decision.ALLOW, (), Decision.BLOCK)
    assert second.replaces is not None
    assert (second.replaces.detection_id, second.replaces.rules) == (first.detection_id, ())


async def test_a_new_hit_in_shadow_is_recorded_with_what_it_would_have_done() -> None:
    store = MemoryPayments(rules=RuleBook(Plane(rule(BLOCK, PREPAID, mode="shadow"))))
    first, second = await store.decide(BLIND, NAMED, NAMED, BLIND)

    assert (second.decision, second.points) == (first.decision, first.points)
    assert [(hit.mode, hit.otherwise) for hit in second.rules] == [("shadow", Decision.BLOCK)]


async def test_a_hit_that_ends_is_named_by_the_decision_that_replaces_it() -> None:
    store = MemoryPayments(rules=RuleBook(Plane(rule(points(10), "!has(card.funding)"))))
    first, second = await store.decide(BLIND, NAMED)

    assert (second.risk_score, second.rules) == (first.risk_score - 10, ())
    assert second.replaces is not None
    assert second.replaces.rules == first.rules


async def test_each_published_decision_is_counted_for_the_fuse() -> None:
    store = MemoryPayments(rules=RuleBook(Plane(rule(BLOCK, PREPAID))))
    await store.decide(BLIND, NAMED, NAMED, BLIND)

    counted = [each.detection for each in store.observed if each.detection]
    assert [blocks_by_rule_or_risk(each) for each in counted] == [False, True]
