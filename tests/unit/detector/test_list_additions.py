"""Rules put payments on lists: what they name, for how long, and not in shadow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orylo_common.control.lists.additions import Addition
from orylo_common.control.lists.values import EntryType
from orylo_common.messages import Decision
from orylo_detector.detectors import custom_rules
from orylo_detector.detectors.custom_rules import RuleBook
from orylo_detector.domain.lists import ListHit
from orylo_detector.engine import Engine
from orylo_rules import RuleSet
from tests.unit.detector.cases import features, payment
from tests.unit.detector.test_custom_rules import BLOCK, POLICY, UNHURRIED, Plane, rule
from tests.unit.detector.test_handlers import MemoryPayments


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom_rules, "RuleSet", lambda rules: RuleSet(rules, time_limit=UNHURRIED))


def listing(**changes: Any) -> dict[str, Any]:
    return {"kind": "add_to_list", "list": "suspects"} | changes


async def added(action: dict[str, Any], mode: str = "on", **changes: Any) -> list[Addition]:
    store = MemoryPayments(rules=RuleBook(Plane(rule(action, mode=mode, name="Night"))))
    await store.decide(payment(tracking={"fbp": "fb.1"}, **changes))
    return store.lists.added


async def test_a_rule_lists_the_customer_and_the_card_for_thirty_days() -> None:
    entries = await added(listing())

    assert [(each.entry.list, each.entry.type, each.entry.value) for each in entries] == [
        ("suspects", EntryType.CUSTOMER, "cus_1"),
        ("suspects", EntryType.CARD, "fp_1"),
    ]
    assert {each.added_by for each in entries} == {"rule:Night"}
    for each in entries:
        assert each.entry.expires_at is not None
        assert timedelta(days=29) < each.entry.expires_at - datetime.now(UTC) < timedelta(days=31)


async def test_a_rule_lists_what_its_author_chose_and_the_payment_names() -> None:
    entries = await added(listing(types=["card", "ip", "device"], days=1), card=None)

    assert [(each.entry.type, each.entry.value) for each in entries] == [
        (EntryType.IP, "203.0.113.7"),
        (EntryType.DEVICE, "fb.1"),
    ]


async def test_in_shadow_and_by_a_test_event_nothing_is_listed() -> None:
    assert await added(listing(), mode="shadow") == []
    assert await added(listing(), test=True) == []


async def test_a_rule_reads_the_lists_that_the_payment_is_on() -> None:
    rules = RuleBook(Plane(rule(BLOCK, 'in_list("suspects") && !in_list("vip")')))
    engine = Engine((), rules=rules, time_limit=UNHURRIED)

    async def decision(*lists: str) -> Decision:
        known = replace(features(), listed=[ListHit(name, EntryType.CUSTOMER, 5) for name in lists])
        return (await engine.decide(payment(), known, POLICY)).decision

    assert await decision("suspects") is Decision.BLOCK
    assert await decision() is Decision.ALLOW
    assert await decision("suspects", "vip") is Decision.ALLOW
