"""The outcomes of a delivery after its handler ran. `outcome_of` is the whole table."""

from dataclasses import dataclass
from datetime import timedelta

from orylo_common.errors import PermanentError, TransientError
from orylo_common.messages import UndecodableMessage
from orylo_common.postgres.errors import INVALID_DATA_ERRORS
from orylo_common.resilience.circuit_breaker import CircuitOpen
from orylo_common.resilience.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Done:
    name = "done"


@dataclass(frozen=True, slots=True)
class Retry:
    """Deliver the message again, not before `delay`."""

    delay: timedelta
    reason: str
    name = "retried"


@dataclass(frozen=True, slots=True)
class Release:
    """Return the untried message to the queue without counting the delivery, and take no messages for `pause`."""

    pause: timedelta
    name = "released"


@dataclass(frozen=True, slots=True)
class Reject:
    """Move the message to the dead-letter queue, for a person to review."""

    reason: str
    name = "dead_lettered"


Outcome = Done | Retry | Release | Reject

# Used if the open circuit does not give a `retry_after`.
CIRCUIT_PAUSE = timedelta(seconds=1)


def outcome_of(error: Exception | None, attempt_number: int, policy: RetryPolicy) -> Outcome:
    """Return the outcome of an attempt. Attempt numbers start at 1."""
    match error:
        case None:
            return Done()
        case CircuitOpen():
            return Release(error.retry_after or CIRCUIT_PAUSE)
        case PermanentError() | UndecodableMessage():
            return Reject(str(error))
    if isinstance(error, INVALID_DATA_ERRORS):
        return Reject(f"PostgreSQL rejected the data ({type(error).__name__})")
    reason = _describe(error)
    if attempt_number >= policy.max_attempts:
        return Reject(f"gave up after {attempt_number} attempts: {reason}")
    delay = policy.delay(attempt_number)
    if isinstance(error, TransientError) and error.retry_after is not None:
        delay = min(policy.cap, max(delay, error.retry_after))
    return Retry(delay, reason)


def is_bug(error: Exception | None) -> bool:
    """Return true for an error that no handler raises on purpose, and that is logged with its traceback.

    Errors about invalid data are excluded, because their text quotes the data.
    """
    expected = (TransientError, PermanentError, UndecodableMessage, TimeoutError, *INVALID_DATA_ERRORS)
    return error is not None and not isinstance(error, expected)


def _describe(error: Exception) -> str:
    # The text of an unknown error may contain personal data, such as a customer's email address: use only its type.
    return str(error) if isinstance(error, TransientError) else type(error).__name__
