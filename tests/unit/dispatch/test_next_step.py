from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orylo_common.resilience.retry import RetryPolicy
from orylo_dispatch.domain.attempt import (
    OUTAGE_WAIT,
    AttemptOutcome,
    DeliveryAttempt,
    DeliveryState,
    NextStep,
    next_step,
)

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
STARTED = NOW - timedelta(seconds=10)
RETRIES = RetryPolicy(max_attempts=3, jitter=lambda: 1.0)


def after(attempt: DeliveryAttempt, **changes: Any) -> NextStep:
    given: dict[str, Any] = {
        "number": 1,
        "answered_failures": 0,
        "started_at": STARTED,
        "maybe_sent_at": None,
        "now": NOW,
        "retries": RETRIES,
    }
    return next_step(attempt, **(given | changes))


def test_a_confirmed_delivery_is_dispatched_and_a_refused_one_fails() -> None:
    assert after(DeliveryAttempt(AttemptOutcome.DISPATCHED)).state is DeliveryState.DISPATCHED
    failed = after(DeliveryAttempt(AttemptOutcome.REFUSED, "100/2804003", "too old"))
    assert (failed.state, failed.code, failed.reason) == (DeliveryState.FAILED, "100/2804003", "too old")


@pytest.mark.parametrize("outcome", [AttemptOutcome.TOKEN, AttemptOutcome.CONFIGURATION])
def test_a_wrong_token_or_configuration_never_fails_a_delivery(outcome: AttemptOutcome) -> None:
    step = after(DeliveryAttempt(outcome, answered=True), number=500)

    assert (step.state, step.due_at) == (DeliveryState.PENDING, NOW)


def test_a_throttled_delivery_waits_as_long_as_the_destination_asks() -> None:
    assert after(DeliveryAttempt(AttemptOutcome.THROTTLED, retry_after=timedelta(minutes=5))).due_at == NOW + timedelta(
        minutes=5
    )
    assert after(DeliveryAttempt(AttemptOutcome.THROTTLED)).due_at > NOW


@pytest.mark.parametrize("outcome", [AttemptOutcome.TRANSIENT, AttemptOutcome.UNKNOWN])
def test_an_outage_never_fails_a_delivery_and_never_waits_long(outcome: AttemptOutcome) -> None:
    first, hundredth = after(DeliveryAttempt(outcome)), after(DeliveryAttempt(outcome), number=100)

    assert first.due_at == NOW + timedelta(seconds=1)
    assert (hundredth.state, hundredth.due_at) == (DeliveryState.PENDING, NOW + OUTAGE_WAIT)


def test_answers_that_ask_for_a_retry_are_limited() -> None:
    retryable = DeliveryAttempt(AttemptOutcome.TRANSIENT, "1", "unknown error", answered=True)

    second = after(retryable, number=2, answered_failures=1)
    assert (second.state, second.answered_failures) == (DeliveryState.PENDING, 2)
    third = after(retryable, number=9, answered_failures=2)
    assert (third.state, third.code, third.reason) == (DeliveryState.FAILED, "1", "unknown error")


def test_the_first_unknown_outcome_starts_the_dedupe_window() -> None:
    first = after(DeliveryAttempt(AttemptOutcome.UNKNOWN))
    later = after(DeliveryAttempt(AttemptOutcome.UNKNOWN), maybe_sent_at=STARTED - timedelta(hours=1))
    certain = after(DeliveryAttempt(AttemptOutcome.TRANSIENT))

    assert first.maybe_sent_at == STARTED
    assert later.maybe_sent_at == STARTED - timedelta(hours=1)
    assert certain.maybe_sent_at is None
