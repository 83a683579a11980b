from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.detection import DetectionPolicy, VelocityLimit
from orylo_common.messages import PaymentCreated, PaymentFailed, PaymentSucceeded
from orylo_detector.detectors import velocity
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import Finding
from orylo_detector.domain.velocity import (
    UNKNOWN_CARD,
    PaymentAttempt,
    attempt_key,
    entities_of,
    microseconds,
    velocities,
)
from tests.unit.detector.cases import NOW, attempts, features, payment

POLICY = DetectionPolicy(
    velocity={
        "card": {
            "1m": VelocityLimit(attempts=2),
            "1h": VelocityLimit(attempts=4, amount_minor={"BRL": 10_000}),
            "24h": VelocityLimit(attempts=100),
        }
    }
)


def test_attempts_within_their_limits_score_nothing() -> None:
    finding = velocity.assess(payment(), features({"card": attempts(2)}), POLICY)

    assert finding == Finding()


def test_each_exceeded_limit_is_a_reason_with_a_score_of_its_own() -> None:
    finding = velocity.assess(payment(), features({"card": attempts(5)}), POLICY)

    assert finding == Finding({"velocity.card.1m": 100, "velocity.card.1h": 62})
    assert finding.score == 100


def test_the_score_grows_with_the_excess() -> None:
    slow = [attempts(count, every=timedelta(minutes=2)) for count in (4, 5, 6, 8, 20)]

    scores = [velocity.assess(payment(), features({"card": log}), POLICY).score for log in slow]
    assert scores == [0, 62, 75, 100, 100]


def test_amounts_have_limits_of_their_own_in_their_currency() -> None:
    log = attempts(2, amount_minor=6_000)

    finding = velocity.assess(payment(), features({"card": log}), POLICY)
    assert finding == Finding({"velocity.card.1h.amount": 60})
    assert velocity.assess(payment(currency="USD"), features({"card": log}), POLICY).score == 0


def test_an_entity_without_limits_is_not_limited() -> None:
    assert velocity.assess(payment(), features({"ip": attempts(50)}), POLICY).score == 0


def test_without_attempts_the_detector_reports_a_missing_feature() -> None:
    with pytest.raises(FeatureMissing):
        velocity.assess(payment(), Features(None, None, {}), POLICY)


def test_windows_end_at_the_payments_time_not_at_the_clocks() -> None:
    log = attempts(3, every=timedelta(minutes=10))
    a_while_ago = NOW - timedelta(minutes=15)

    observed = velocities(log, a_while_ago, "BRL")
    assert [window.attempts for window in observed.values()] == [0, 1, 1]


def test_a_window_has_its_exact_length() -> None:
    assert velocities(attempts(2, every=timedelta(seconds=59.999999)), NOW, "BRL")["1m"].attempts == 2
    assert velocities(attempts(2, every=timedelta(minutes=1)), NOW, "BRL")["1m"].attempts == 1


def test_each_decline_is_an_attempt_and_all_other_events_of_a_payment_are_one() -> None:
    events = [
        payment(PaymentCreated, payment_id="stripe:pi_1"),
        payment(PaymentFailed, payment_id="stripe:pi_1", attempt_id="ch_1"),
        payment(PaymentFailed, payment_id="stripe:pi_1", attempt_id="ch_2"),
        payment(PaymentFailed, payment_id="stripe:pi_1", attempt_id="ch_2"),
        payment(PaymentSucceeded, payment_id="stripe:pi_1"),
    ]
    assert len({attempt_key(each) for each in events}) == 3


def test_only_named_entities_are_counted() -> None:
    assert entities_of(payment(customer_id=None, card=None)) == [("ip", "203.0.113.7")]


@given(st.lists(st.integers(-1000, 90_000), max_size=40))
def test_counts_do_not_depend_on_the_order_of_the_log_and_windows_contain_each_other(ages_s: list[int]) -> None:
    log = [
        PaymentAttempt(
            microseconds(NOW - timedelta(seconds=age)), 100, b"BRL", False, str(number).encode(), UNKNOWN_CARD
        )
        for number, age in enumerate(ages_s)
    ]
    observed = velocities(log, NOW, "BRL")

    assert velocities(reversed(log), NOW, "BRL") == observed
    assert observed["1m"].attempts <= observed["1h"].attempts <= observed["24h"].attempts
    assert observed["24h"].attempts == sum(0 <= age < 86_400 for age in ages_s)
    assert all(window.amount_minor == 100 * window.attempts for window in observed.values())


def test_a_browser_that_the_checkout_reports_is_counted() -> None:
    browser = "fb.1.1778000000000.1234567890"

    assert ("device", browser) in entities_of(payment(tracking={"fbp": browser}))
    assert "device" not in dict(entities_of(payment()))
    finding = velocity.assess(payment(), features({"device": attempts(5)}), DetectionPolicy())
    assert "velocity.device.1m" in finding.reasons
