"""Classify Meta's errors by the action that they ask for: retry, drop the event, or put the destination on hold.

By code and subcode: Meta's texts are localised, its error types are unreliable, and it throttles with a 400.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from orylo_dispatch.destinations.meta.reasons import REASONS, REASONS_BY_KIND, FailureKind
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt


@dataclass(frozen=True, slots=True)
class MetaFailure:
    """`answered`: the error is from Meta itself, not from a proxy."""

    kind: FailureKind
    code: str
    reason: str
    retry_after: timedelta | None = None
    trace_id: str | None = None
    answered: bool = True


INVALID_PARAMETER = 100
NO_SUCH_OBJECT = 33
TOKEN_CODES = frozenset({102, 190})
THROTTLE_CODES = frozenset({4, 17, 32, 341, 613, 80000, 80003, 80004, 80014})
# Blocked for a policy violation, for an unknown time.
BLOCKED = 368
CONFIGURATION_CODES = frozenset({3, 10, 803, *range(200, 300)})
EVENT_SUBCODES = range(2_804_000, 2_805_000)
DUPLICATE_POST = 506

OUTCOMES: Mapping[FailureKind, AttemptOutcome] = {
    FailureKind.TRANSIENT: AttemptOutcome.TRANSIENT,
    FailureKind.THROTTLED: AttemptOutcome.THROTTLED,
    FailureKind.TOKEN: AttemptOutcome.TOKEN,
    FailureKind.CONFIGURATION: AttemptOutcome.CONFIGURATION,
    FailureKind.EVENT_REFUSED: AttemptOutcome.REFUSED,
    FailureKind.REQUEST_REFUSED: AttemptOutcome.REFUSED,
}

DEFAULT_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_QUOTE = 200


def classify(status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> MetaFailure:
    """Classify an answer. `body` is its JSON object, or `None` if it has none. `headers` are case-insensitive."""
    error = body.get("error") if body else None
    if not isinstance(error, Mapping):
        return _without_error(status, headers)
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    kind = _kind(status, code, subcode, is_transient=error.get("is_transient") is True)
    trace_id = error.get("fbtrace_id")
    return MetaFailure(
        kind=kind,
        code=f"http {status}" if code is None else f"{code}/{subcode}" if subcode else str(code),
        reason=_reason(kind, code, subcode, error),
        retry_after=_wait(code, headers) if kind is FailureKind.THROTTLED else None,
        trace_id=trace_id[:64] if isinstance(trace_id, str) else None,
        # With a 5xx Meta itself is failing, whatever the body says.
        answered=status < 500,
    )


def attempt_of(failure: MetaFailure, status: int) -> DeliveryAttempt:
    """Return the attempt that a failure with that HTTP status amounts to."""
    outcome = OUTCOMES[failure.kind]
    # The error of a proxy does not say whether Meta received the request.
    if outcome is AttemptOutcome.TRANSIENT and not failure.answered and (status >= 500 or status == 200):
        outcome = AttemptOutcome.UNKNOWN
    return DeliveryAttempt(
        outcome,
        failure.code,
        failure.reason,
        retry_after=failure.retry_after,
        trace_id=failure.trace_id,
        answered=failure.answered,
        ambiguous=failure.kind is FailureKind.REQUEST_REFUSED,
    )


def _without_error(status: int, headers: Mapping[str, str]) -> MetaFailure:
    """Classify the answer of a proxy, or a truncated one. It is temporary, except for a request that is too large."""
    code = f"http {status}"
    if status == 413:
        return MetaFailure(FailureKind.REQUEST_REFUSED, code, "The request was too large.", answered=False)
    kind = FailureKind.THROTTLED if status == 429 else FailureKind.TRANSIENT
    retry_after = _wait(None, headers) if kind is FailureKind.THROTTLED else None
    return MetaFailure(kind, code, REASONS_BY_KIND[kind], retry_after, answered=False)


def _kind(status: int, code: int | None, subcode: int | None, *, is_transient: bool) -> FailureKind:
    if code in THROTTLE_CODES or code == BLOCKED or status == 429:
        return FailureKind.THROTTLED
    if is_transient or status >= 500 or code is None:
        return FailureKind.TRANSIENT
    if code in TOKEN_CODES:
        return FailureKind.TOKEN
    if code in CONFIGURATION_CODES or (code, subcode) == (INVALID_PARAMETER, NO_SUCH_OBJECT):
        return FailureKind.CONFIGURATION
    if code == DUPLICATE_POST or (code == INVALID_PARAMETER and subcode in EVENT_SUBCODES):
        return FailureKind.EVENT_REFUSED
    if code == INVALID_PARAMETER:
        return FailureKind.REQUEST_REFUSED
    # Not every code is documented, and a wrong guess must not lose a sale.
    return FailureKind.TRANSIENT


def _reason(kind: FailureKind, code: int | None, subcode: int | None, error: Mapping[str, Any]) -> str:
    ours = REASONS.get((code or 0, subcode)) or REASONS_BY_KIND[kind]
    theirs = error.get("error_user_msg") or error.get("message")
    return f"{ours} Meta says: {_quoted(theirs)}" if isinstance(theirs, str) and theirs else ours


# Hashes, addresses and ids that Meta quotes from the event, and access tokens ("Malformed access token EAA…").
_PRIVATE = re.compile(r"\bEAA\w+|[\w|-]{32,}|\S+@\S+|\b\d{1,3}(?:\.\d{1,3}){3}\b|fb\.\d\.\d+\.\S+|\+?\d{8,}")


def _quoted(text: str) -> str:
    return _PRIVATE.sub("…", text[:LONGEST_QUOTE])


def _wait(code: int | None, headers: Mapping[str, str]) -> timedelta:
    """Return the longest wait that the headers ask for. One header counts minutes, the others seconds."""
    if code == BLOCKED:
        return LONGEST_WAIT
    seconds = [_number(headers.get("Retry-After")) or 0]
    usage = _json(headers.get("X-Ad-Account-Usage"))
    if isinstance(usage, Mapping):
        seconds.append(_number(usage.get("reset_time_duration")) or 0)
    businesses = _json(headers.get("X-Business-Use-Case-Usage"))
    if isinstance(businesses, Mapping):
        seconds += [
            60 * (_number(limit.get("estimated_time_to_regain_access")) or 0)
            for limits in businesses.values()
            for limit in (limits if isinstance(limits, list) else ())
            if isinstance(limit, Mapping)
        ]
    longest = timedelta(seconds=max(seconds))
    return min(longest, LONGEST_WAIT) if longest > timedelta() else DEFAULT_WAIT


def _json(text: str | None) -> object:
    try:
        return orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return None


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
