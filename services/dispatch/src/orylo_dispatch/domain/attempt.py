"""What came of one try to hand over a conversion, and what is done next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orylo_common.resilience.retry import RetryPolicy


class Outcome(StrEnum):
    DISPATCHED = "dispatched"
    # This conversion is at fault, and no repeat can help.
    REFUSED = "refused"
    # The destination is at fault for the moment, and did not take it.
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    # The destination may have taken it: it is repeated soon, or not at all.
    UNKNOWN = "unknown"
    # Nothing is wrong with the conversion; a person has to change the destination.
    TOKEN = "token"  # noqa: S105
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Attempt:
    """`counts`: the destination answered, so that it is no use to ask for ever. `unspecific`: it refused
    without saying whether the conversion or the request is wrong.

    `code` and `trace_id` are the destination's own; `reason` is for a person.
    """

    outcome: Outcome
    code: str | None = None
    reason: str | None = None
    retry_after: timedelta | None = None
    trace_id: str | None = None
    duration: timedelta = timedelta()
    counts: bool = False
    unspecific: bool = False


class State(StrEnum):
    HELD = "held"
    PENDING = "pending"
    DISPATCHED = "dispatched"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a delivery goes from here. `refusals`: how many answers asked for another try."""

    state: State
    due_at: datetime
    refusals: int
    maybe_sent_at: datetime | None
    code: str | None = None
    reason: str | None = None


# The longest wait while the destination is away: its circuit breaker keeps the calls few, and a repeat of what
# may have arrived is recognised only for so long.
OUTAGE_WAIT = timedelta(seconds=30)
# A refusal of all calls, where the destination does not say for how long.
THROTTLE_WAIT = timedelta(minutes=1)


def next_step(
    attempt: Attempt,
    *,
    number: int,
    refusals: int,
    started_at: datetime,
    maybe_sent_at: datetime | None,
    now: datetime,
    retries: RetryPolicy,
) -> Step:
    """What an attempt leads to. Time that the destination was away never makes a delivery fail; age may, later."""
    refusals += attempt.counts
    match attempt.outcome:
        case Outcome.DISPATCHED:
            return Step(State.DISPATCHED, now, refusals, maybe_sent_at)
        case Outcome.REFUSED:
            return Step(State.FAILED, now, refusals, maybe_sent_at, attempt.code, attempt.reason)
        case Outcome.TOKEN | Outcome.CONFIGURATION:
            return Step(State.PENDING, now, refusals, maybe_sent_at, attempt.code, attempt.reason)
        case Outcome.THROTTLED:
            due_at = now + (attempt.retry_after or THROTTLE_WAIT)
            return Step(State.PENDING, due_at, refusals, maybe_sent_at, attempt.code, attempt.reason)
    if refusals >= retries.max_attempts:
        return Step(State.FAILED, now, refusals, maybe_sent_at, attempt.code, attempt.reason)
    delay = max(retries.delay(number), attempt.retry_after or timedelta())
    if not attempt.counts:
        delay = min(delay, OUTAGE_WAIT)
    if attempt.outcome is Outcome.UNKNOWN:
        maybe_sent_at = maybe_sent_at or started_at
    return Step(State.PENDING, now + delay, refusals, maybe_sent_at, attempt.code, attempt.reason)
