"""The outcome of a delivery attempt, and the state it leads to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orylo_common.resilience.retry import RetryPolicy


class AttemptOutcome(StrEnum):
    DISPATCHED = "dispatched"
    # The payload is at fault; a retry cannot help.
    REFUSED = "refused"
    # The destination failed temporarily and did not accept the payload.
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    # The destination may have accepted the payload: repeat it soon, or not at all.
    UNKNOWN = "unknown"
    # The payload is fine; a person has to change the destination.
    TOKEN = "token"  # noqa: S105
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One try to hand a payload to a destination.

    `answered`: the destination itself answered, so retries are limited. `ambiguous`: it refused a request without
    saying whether one payload or the whole request is wrong. `code` and `trace_id` are the destination's own;
    `reason` is a sentence for people. `reference` is the destination's id of what it accepted.
    """

    outcome: AttemptOutcome
    code: str | None = None
    reason: str | None = None
    retry_after: timedelta | None = None
    trace_id: str | None = None
    reference: str | None = None
    duration: timedelta = timedelta()
    answered: bool = False
    ambiguous: bool = False


class DeliveryState(StrEnum):
    HELD = "held"
    PENDING = "pending"
    DISPATCHED = "dispatched"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class NextStep:
    """The state of a delivery after an attempt. `answered_failures` counts the answers that asked for a retry."""

    state: DeliveryState
    due_at: datetime
    answered_failures: int
    maybe_sent_at: datetime | None
    code: str | None = None
    reason: str | None = None


# The longest wait during an outage. The circuit breaker limits the calls, and a destination recognises a repeat of a
# payload that may have arrived only within its dedupe window.
OUTAGE_WAIT = timedelta(seconds=30)
# The wait after throttling, where the destination does not say how long to wait.
THROTTLE_WAIT = timedelta(minutes=1)


def next_step(
    attempt: DeliveryAttempt,
    *,
    number: int,
    answered_failures: int,
    started_at: datetime,
    maybe_sent_at: datetime | None,
    now: datetime,
    retries: RetryPolicy,
) -> NextStep:
    """Return the state that an attempt leads to. An outage alone never fails a delivery; its age may, later."""
    answered_failures += attempt.answered
    match attempt.outcome:
        case AttemptOutcome.DISPATCHED:
            return NextStep(DeliveryState.DISPATCHED, now, answered_failures, maybe_sent_at)
        case AttemptOutcome.REFUSED:
            return _step(DeliveryState.FAILED, now, answered_failures, maybe_sent_at, attempt)
        case AttemptOutcome.TOKEN | AttemptOutcome.CONFIGURATION:
            return _step(DeliveryState.PENDING, now, answered_failures, maybe_sent_at, attempt)
        case AttemptOutcome.THROTTLED:
            due_at = now + (attempt.retry_after or THROTTLE_WAIT)
            return _step(DeliveryState.PENDING, due_at, answered_failures, maybe_sent_at, attempt)
    if answered_failures >= retries.max_attempts:
        return _step(DeliveryState.FAILED, now, answered_failures, maybe_sent_at, attempt)
    delay = max(retries.delay(number), attempt.retry_after or timedelta())
    if not attempt.answered:
        delay = min(delay, OUTAGE_WAIT)
    if attempt.outcome is AttemptOutcome.UNKNOWN:
        maybe_sent_at = maybe_sent_at or started_at
    return _step(DeliveryState.PENDING, now + delay, answered_failures, maybe_sent_at, attempt)


def _step(
    state: DeliveryState,
    due_at: datetime,
    answered_failures: int,
    maybe_sent_at: datetime | None,
    attempt: DeliveryAttempt,
) -> NextStep:
    return NextStep(state, due_at, answered_failures, maybe_sent_at, attempt.code, attempt.reason)
