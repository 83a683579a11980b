import random
from datetime import timedelta
from typing import Any

import pytest

from orylo_common.control.sections.dispatch import DispatchPolicy, MethodPolicy
from orylo_common.messages import Tracking
from orylo_dispatch.domain.matching import NOT_MATCHED, Click, Traces, carried_click_ids, match
from tests.unit.dispatch.cases import CLICK_ID, EMAIL, PAID_AT, PHONE, ago, click, traces

POLICY = DispatchPolicy()
EVERYTHING: dict[str, Any] = {
    "fbclid": "IwAR0",
    "fbp": "fb.1.1778000000000.1",
    "email": EMAIL,
    "phone": PHONE,
    "ip": "203.0.113.7",
    "user_agent": "Mozilla",
}


def matched(payment: Traces, *clicks: Click, policy: DispatchPolicy = POLICY) -> tuple[str, str | None]:
    found, _ = match(payment, clicks, policy)
    return found.method, found.click_id


@pytest.mark.parametrize(
    ("method", "shared", "confidence"),
    [
        ("click_id", {}, 1.0),
        ("fbc", {"fbclid": "IwAR0"}, 0.95),
        ("fbp", {"fbp": "fb.1.1778000000000.1"}, 0.9),
        ("email", {"email": EMAIL}, 0.85),
        ("phone", {"phone": PHONE}, 0.8),
        ("ip_user_agent", {"ip": "203.0.113.7", "user_agent": "Mozilla"}, 0.4),
    ],
)
def test_each_thing_in_common_matches_with_its_own_confidence(
    method: str, shared: dict[str, Any], confidence: float
) -> None:
    payment = traces(click_ids=(CLICK_ID,)) if method == "click_id" else traces(**shared)
    found, credited = match(payment, [click(**shared)], POLICY)

    assert (found.method, found.confidence, found.click_id) == (method, confidence, CLICK_ID)
    assert credited is not None


def test_the_surest_method_wins_over_a_later_click() -> None:
    carried = click("oc_carried", clicked_at=ago(days=5))
    later = click("oc_later", clicked_at=ago(minutes=1), **EVERYTHING)

    assert matched(traces(click_ids=("oc_carried",), **EVERYTHING), carried, later) == ("click_id", "oc_carried")
    assert matched(traces(**EVERYTHING), carried, later) == ("fbc", "oc_later")


def test_the_last_click_before_the_payment_wins_whatever_the_order() -> None:
    clicks = [click(f"oc_{hours}", clicked_at=ago(hours=hours), email=EMAIL) for hours in range(1, 10)]
    for _ in range(5):
        random.shuffle(clicks)
        assert matched(traces(email=EMAIL), *clicks) == ("email", "oc_1")


def test_a_click_after_the_purchase_is_none_of_its_causes() -> None:
    after = click("oc_after", clicked_at=PAID_AT + timedelta(minutes=1), email=EMAIL)
    before = click("oc_before", clicked_at=ago(days=3), email=EMAIL)

    assert matched(traces(email=EMAIL), after) == ("none", None)
    assert matched(traces(email=EMAIL), after, before) == ("email", "oc_before")


def test_a_gateway_that_counts_whole_seconds_does_not_lose_the_click_before() -> None:
    assert matched(traces(email=EMAIL), click(clicked_at=PAID_AT + timedelta(seconds=0.9), email=EMAIL))[0] == "email"


def test_each_method_looks_back_only_so_far() -> None:
    policy = DispatchPolicy(
        email=MethodPolicy(confidence=0.5, look_back_days=7), phone=MethodPolicy(confidence=0.3, look_back_days=20)
    )
    old = click(clicked_at=ago(days=10), email=EMAIL, phone=PHONE)

    assert matched(traces(email=EMAIL, phone=PHONE), old, policy=policy) == ("phone", CLICK_ID)
    assert matched(traces(email=EMAIL), old, policy=policy) == ("none", None)
    assert policy.longest_look_back == timedelta(days=30)


def test_a_look_back_of_zero_switches_a_method_off() -> None:
    policy = DispatchPolicy(email=MethodPolicy(confidence=1, look_back_days=0))

    assert matched(traces(email=EMAIL), click(clicked_at=PAID_AT, email=EMAIL), policy=policy) == ("none", None)


def test_an_address_or_a_user_agent_alone_is_nobody() -> None:
    seen = click(ip="203.0.113.7", user_agent="Mozilla")

    assert matched(traces(ip="203.0.113.7"), seen) == ("none", None)
    assert matched(traces(user_agent="Mozilla"), seen) == ("none", None)
    assert matched(traces(ip="203.0.113.8", user_agent="Mozilla"), seen) == ("none", None)


def test_what_neither_tells_is_nothing_in_common() -> None:
    assert match(traces(), [click()], POLICY) == (NOT_MATCHED, None)


def test_a_click_id_is_found_wherever_the_gateway_lets_it_stand() -> None:
    other = "oc_" + "Z" * 22
    tracking = Tracking(sck=f"facebook|{CLICK_ID}|black-friday", utm_content=other, src="oc_too-short")

    assert carried_click_ids(tracking) == (CLICK_ID, other)
    assert carried_click_ids(Tracking(click_id="ours-1", xcod=CLICK_ID)) == ("ours-1", CLICK_ID)
    assert carried_click_ids(Tracking(utm_source="facebook")) == ()
