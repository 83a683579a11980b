import random
from datetime import timedelta
from typing import Any

import pytest

from orylo_common.control.sections.dispatch import DispatchPolicy, MethodPolicy
from orylo_common.messages import Match, Tracking, Utm
from orylo_dispatch.domain.matching import MAX_UTM_LENGTH, Click, MatchSignals, carried_click_ids, match, utm_of
from tests.unit.dispatch.cases import CLICK_ID, EMAIL, PAID_AT, PHONE, ago, click, signals

POLICY = DispatchPolicy()
EVERYTHING: dict[str, Any] = {
    "fbclid": "IwAR0",
    "fbp": "fb.1.1778000000000.1",
    "email": EMAIL,
    "phone": PHONE,
    "ip": "203.0.113.7",
    "user_agent": "Mozilla",
}


def matched(payment: MatchSignals, *clicks: Click, policy: DispatchPolicy = POLICY) -> tuple[str, str | None]:
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
def test_each_method_matches_with_its_own_confidence(method: str, shared: dict[str, Any], confidence: float) -> None:
    payment = signals(click_ids=(CLICK_ID,)) if method == "click_id" else signals(**shared)
    found, attributed = match(payment, [click(**shared)], POLICY)

    assert (found.method, found.confidence, found.click_id) == (method, confidence, CLICK_ID)
    assert attributed is not None


def test_the_most_confident_method_wins_over_a_later_click() -> None:
    carried = click("oc_carried", clicked_at=ago(days=5))
    later = click("oc_later", clicked_at=ago(minutes=1), **EVERYTHING)

    assert matched(signals(click_ids=("oc_carried",), **EVERYTHING), carried, later) == ("click_id", "oc_carried")
    assert matched(signals(**EVERYTHING), carried, later) == ("fbc", "oc_later")


def test_the_last_click_before_the_payment_wins_in_any_order() -> None:
    clicks = [click(f"oc_{hours}", clicked_at=ago(hours=hours), email=EMAIL) for hours in range(1, 10)]
    for _ in range(5):
        random.shuffle(clicks)
        assert matched(signals(email=EMAIL), *clicks) == ("email", "oc_1")


def test_a_click_after_the_payment_does_not_match() -> None:
    after = click("oc_after", clicked_at=PAID_AT + timedelta(minutes=1), email=EMAIL)
    before = click("oc_before", clicked_at=ago(days=3), email=EMAIL)

    assert matched(signals(email=EMAIL), after) == ("none", None)
    assert matched(signals(email=EMAIL), after, before) == ("email", "oc_before")


def test_a_click_within_the_second_of_the_payment_matches() -> None:
    assert matched(signals(email=EMAIL), click(clicked_at=PAID_AT + timedelta(seconds=0.9), email=EMAIL))[0] == "email"


def test_each_method_has_its_own_look_back() -> None:
    policy = DispatchPolicy(
        email=MethodPolicy(confidence=0.5, look_back_days=7), phone=MethodPolicy(confidence=0.3, look_back_days=20)
    )
    old = click(clicked_at=ago(days=10), email=EMAIL, phone=PHONE)

    assert matched(signals(email=EMAIL, phone=PHONE), old, policy=policy) == ("phone", CLICK_ID)
    assert matched(signals(email=EMAIL), old, policy=policy) == ("none", None)
    assert policy.longest_look_back == timedelta(days=30)


def test_a_look_back_of_zero_switches_a_method_off() -> None:
    policy = DispatchPolicy(email=MethodPolicy(confidence=1, look_back_days=0))

    assert matched(signals(email=EMAIL), click(clicked_at=PAID_AT, email=EMAIL), policy=policy) == ("none", None)


def test_an_address_or_a_user_agent_alone_does_not_match() -> None:
    seen = click(ip="203.0.113.7", user_agent="Mozilla")

    assert matched(signals(ip="203.0.113.7"), seen) == ("none", None)
    assert matched(signals(user_agent="Mozilla"), seen) == ("none", None)
    assert matched(signals(ip="203.0.113.8", user_agent="Mozilla"), seen) == ("none", None)


@pytest.mark.parametrize(
    ("shared", "method", "tried"),
    [
        ({"phone": PHONE}, "phone", ("click_id", "fbc", "fbp", "email")),
        ({}, "none", ("click_id", "fbc", "fbp", "email", "phone", "ip_user_agent")),
    ],
)
def test_a_match_names_the_methods_that_found_no_click(
    shared: dict[str, Any], method: str, tried: tuple[str, ...]
) -> None:
    found, _ = match(signals(click_ids=("oc_other",), **EVERYTHING), [click(**shared)], POLICY)

    assert (found.method, found.tried) == (method, tried)


def test_a_method_without_a_value_or_a_look_back_is_not_tried() -> None:
    no_email = DispatchPolicy(email=MethodPolicy(confidence=0.8, look_back_days=0))

    assert match(signals(fbp="fb.1.1778000000000.1", email=EMAIL), [], no_email)[0].tried == ("fbp",)


def test_a_match_has_the_utm_parameters_of_its_click() -> None:
    found, _ = match(signals(email=EMAIL), [click(email=EMAIL, utm={"source": "facebook"})], POLICY)

    assert found.utm == Utm(source="facebook")


def test_utm_parameters_are_cut() -> None:
    tracking = Tracking(utm_source="facebook", utm_term="x" * 500, utm_medium="", src="other")

    assert utm_of(tracking) == {"source": "facebook", "term": "x" * MAX_UTM_LENGTH}
    assert utm_of(Tracking(src="other")) is None


def test_missing_values_do_not_match() -> None:
    assert match(signals(), [click()], POLICY) == (Match(method="none", confidence=0, tried=()), None)


def test_a_click_id_is_found_in_any_field_of_the_gateway() -> None:
    other = "oc_" + "Z" * 22
    tracking = Tracking(sck=f"facebook|{CLICK_ID}|black-friday", utm_content=other, src="oc_too-short")

    assert carried_click_ids(tracking) == (CLICK_ID, other)
    assert carried_click_ids(Tracking(click_id="ours-1", xcod=CLICK_ID)) == ("ours-1", CLICK_ID)
    assert carried_click_ids(Tracking(utm_source="facebook")) == ()
