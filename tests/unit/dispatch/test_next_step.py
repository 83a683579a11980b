from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orylo_common.resilience.retry import RetryPolicy
from orylo_dispatch.domain.attempt import OUTAGE_WAIT, Attempt, Outcome, State, Step, next_step

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
STARTED = NOW - timedelta(seconds=10)
RETRIES = RetryPolicy(max_attempts=3, jitter=lambda: 1.0)


def after(attempt: Attempt, **changes: Any) -> Step:
    given: dict[str, Any] = {
        "number": 1,
        "refusals": 0,
        "started_at": STARTED,
        "maybe_sent_at": None,
        "now": NOW,
        "retries": RETRIES,
    }
    return next_step(attempt, **(given | changes))


def test_a_confirmed_conversion_is_done_and_a_refused_one_is_given_up() -> None:
    assert after(Attempt(Outcome.DISPATCHED)).state is State.DISPATCHED
    failed = after(Attempt(Outcome.REFUSED, "100/2804003", "too old"))
    assert (failed.state, failed.code, failed.reason) == (State.FAILED, "100/2804003", "too old")


@pytest.mark.parametrize("outcome", [Outcome.TOKEN, Outcome.CONFIGURATION])
def test_what_a_person_has_to_put_right_costs_the_conversion_nothing(outcome: Outcome) -> None:
    step = after(Attempt(outcome, counts=True), number=500)

    assert (step.state, step.due_at) == (State.PENDING, NOW)


def test_a_throttled_one_waits_as_long_as_it_is_told() -> None:
    assert after(Attempt(Outcome.THROTTLED, retry_after=timedelta(minutes=5))).due_at == NOW + timedelta(minutes=5)
    assert after(Attempt(Outcome.THROTTLED)).due_at > NOW


@pytest.mark.parametrize("outcome", [Outcome.TRANSIENT, Outcome.UNKNOWN])
def test_an_outage_never_gives_up_and_never_waits_long(outcome: Outcome) -> None:
    first, hundredth = after(Attempt(outcome)), after(Attempt(outcome), number=100)

    assert first.due_at == NOW + timedelta(seconds=1)
    assert (hundredth.state, hundredth.due_at) == (State.PENDING, NOW + OUTAGE_WAIT)


def test_an_answer_that_asks_for_another_try_is_obeyed_so_many_times() -> None:
    puzzled = Attempt(Outcome.TRANSIENT, "1", "unknown error", counts=True)

    second = after(puzzled, number=2, refusals=1)
    assert (second.state, second.refusals) == (State.PENDING, 2)
    third = after(puzzled, number=9, refusals=2)
    assert (third.state, third.code, third.reason) == (State.FAILED, "1", "unknown error")


def test_the_first_unknown_outcome_starts_the_dedupe_window() -> None:
    first = after(Attempt(Outcome.UNKNOWN))
    later = after(Attempt(Outcome.UNKNOWN), maybe_sent_at=STARTED - timedelta(hours=1))
    certain = after(Attempt(Outcome.TRANSIENT))

    assert first.maybe_sent_at == STARTED
    assert later.maybe_sent_at == STARTED - timedelta(hours=1)
    assert certain.maybe_sent_at is None
