"""What becomes of a delivery after its handler ran. `outcome_of` is the whole table."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from orylo_common.errors import PermanentError, TransientError
from orylo_common.messages import UndecodableMessage
from orylo_common.resilience.circuit_breaker import CircuitOpen
from orylo_common.resilience.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Done:
    name = "done"


@dataclass(frozen=True, slots=True)
class Retry:
    """The same message again, not before `delay`."""

    delay: timedelta
    reason: str
    name = "retried"


@dataclass(frozen=True, slots=True)
class Release:
    """Nothing was tried: given back without counting, and nothing more is taken for `pause`."""

    pause: timedelta
    name = "released"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """For a person to look at."""

    reason: str
    name = "dead_lettered"


Outcome = Done | Retry | Release | DeadLetter

# Where a circuit does not say when to ask again.
CIRCUIT_PAUSE = timedelta(seconds=1)


def outcome_of(error: Exception | None, attempt_number: int, policy: RetryPolicy) -> Outcome:
    """The outcome of the attempt with this number, which counts from 1."""
    match error:
        case None:
            return Done()
        case CircuitOpen():
            return Release(error.retry_after or CIRCUIT_PAUSE)
        case PermanentError() | UndecodableMessage():
            return DeadLetter(str(error))
        case asyncpg.DataError():
            # Text with a NUL, a number out of range: the row cannot be stored, today or tomorrow.
            return DeadLetter(f"PostgreSQL refuses the data ({type(error).__name__})")
    reason = _describe(error)
    if attempt_number >= policy.max_attempts:
        return DeadLetter(f"gave up after {attempt_number} attempts: {reason}")
    delay = policy.delay(attempt_number)
    if isinstance(error, TransientError) and error.retry_after is not None:
        delay = min(policy.cap, max(delay, error.retry_after))
    return Retry(delay, reason)


def is_bug(error: Exception | None) -> bool:
    """Nobody meant this error to be raised. One about data is told by its type only: its text quotes them."""
    expected = TransientError | PermanentError | UndecodableMessage | TimeoutError | asyncpg.DataError | None
    return not isinstance(error, expected)


def _describe(error: Exception) -> str:
    # A stranger's text may hold anything, a customer's e-mail address too: its type has to do.
    return str(error) if isinstance(error, TransientError) else type(error).__name__
