"""The alarm drill tries every alarm, and the table of alarms shows what it measured."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos.alarm_drill.faults import FAULTS, UNTRIED
from tests.chaos.alarm_drill.results import RESULTS, goal_s
from tests.contract.test_alerts import ALERTS
from tests.support.monitoring import DEPLOYED, QUICK, quick

TRIED = {alarm: each for each in FAULTS for alarm in each.alarms}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


# What is left of two minutes for a page, and of five for a ticket, after three intervals of 15 s and a window.
LONGEST = {"page": timedelta(minutes=1), "ticket": timedelta(minutes=3)}
LASTING_LONGER = {
    "DeadLettersPiledUp": "the first dead letters were told at once, as tickets",
    "ObjectiveBurningSlow": "a comparison of days",
    "PaymentMethodDropped": "a comparison of days",
}


def lasting(written: str) -> timedelta:
    return timedelta(**{UNITS[written[-1]]: int(written[:-1])})


def test_alarms_wait_no_longer_than_people_may_be_told_after() -> None:
    longer = {
        name
        for name, alert in ALERTS.items()
        if lasting(alert.get("for", "0s")) > LONGEST.get(alert["labels"]["severity"], timedelta())
    }

    assert longer == set(LASTING_LONGER)


def test_every_alarm_has_one_fault_or_a_reason() -> None:
    alarms = [alarm for each in FAULTS for alarm in each.alarms]

    assert sorted([*alarms, *UNTRIED]) == sorted(ALERTS)
    assert all(UNTRIED.values())


def test_every_fault_says_what_happens() -> None:
    assert all(each.words for each in FAULTS)
    assert len({each.words for each in FAULTS}) == len(FAULTS)


def test_the_results_are_of_the_drill_as_it_is() -> None:
    results = json.loads(RESULTS.read_text())

    assert results.keys() <= TRIED.keys()
    for alarm, result in results.items():
        fault = TRIED[alarm]
        assert (result["fault"], result["rules"]) == (fault.words, "deployed" if fault.real else "quick"), alarm
        assert result["told_s"] <= goal_s(ALERTS[alarm]["labels"]["severity"], is_quick=not fault.real), alarm


def test_quick_rules_keep_the_order_of_the_durations() -> None:
    written = [lasting(each) for each in QUICK]

    assert written == sorted(written)
    assert list(QUICK.values()) == sorted(set(QUICK.values()))


@pytest.mark.parametrize("file", sorted(DEPLOYED.rglob("rules/*.yml")), ids=lambda file: file.stem)
def test_quick_rules_have_no_duration_of_minutes(file: Path) -> None:
    text = quick(file.read_text())

    assert not re.search(r"(\[|offset |for: )\d+[mhd]", text)
