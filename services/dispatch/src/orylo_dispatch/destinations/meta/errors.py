"""Meta's refusals, sorted by what can be done about them.

By code and subcode: Meta's texts are localised, its error types unreliable, and throttling comes as a 400.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import orjson


class Kind(StrEnum):
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    TOKEN = "token"  # noqa: S105
    CONFIGURATION = "configuration"
    EVENT_REFUSED = "event_refused"
    # Not said which event, nor whether it is one: a whole request that Meta does not understand.
    REQUEST_REFUSED = "request_refused"


@dataclass(frozen=True, slots=True)
class Failure:
    """`answered`: Meta itself spoke, rather than a proxy or nobody."""

    kind: Kind
    code: str
    reason: str
    retry_after: timedelta | None = None
    trace_id: str | None = None
    answered: bool = True


INVALID_PARAMETER = 100
NO_SUCH_OBJECT = 33
TOKEN_CODES = frozenset({102, 190})
THROTTLE_CODES = frozenset({4, 17, 32, 341, 613, 80000, 80003, 80004, 80014})
# Blocked for a breach of policy, for an unknown time.
BLOCKED = 368
CONFIGURATION_CODES = frozenset({3, 10, 803, *range(200, 300)})
EVENT_SUBCODES = range(2_804_000, 2_805_000)
DUPLICATE_POST = 506

REASONS: Mapping[tuple[int, int | None], str] = {
    (100, 2804001): "The click id (fbc) is malformed.",
    (100, 2804003): "The payment is older than 7 days.",
    (100, 2804004): "The payment's time lies in the future.",
    (100, 2804008): "A product has no id.",
    (100, 2804009): "The purchase has no value.",
    (100, 2804016): "A customer parameter is not hashed.",
    (100, 2804023): "The value has no valid currency.",
    (100, 2804050): "Too little is known of the buyer.",
    (
        100,
        33,
    ): "The dataset does not exist, or the token has no access to it. Check the pixel id and the token's assets.",
    (190, 458): "The app was removed from the account. Make a new token.",
    (190, 459): "The account that owns the token has to sign in at Meta first.",
    (190, 460): "The token ended with a change of password. Make a new token.",
    (190, 463): "The token has expired. Make a new token.",
    (190, 467): "The token is not valid any more. Make a new token.",
}
REASONS_BY_KIND: Mapping[Kind, str] = {
    Kind.TRANSIENT: "Meta could not take it for the moment.",
    Kind.THROTTLED: "Meta takes no more calls for a while.",
    Kind.TOKEN: "Meta does not accept the token. Make a new one.",
    Kind.CONFIGURATION: "The token may not send to this dataset. Check its permissions and the pixel id.",
    Kind.EVENT_REFUSED: "Meta refused the event.",
    Kind.REQUEST_REFUSED: "Meta refused the request.",
}

DEFAULT_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_QUOTE = 200


def classify(status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Failure:
    """`body` is the answer's JSON object, `None` where it was none; `headers` must not care for case."""
    error = body.get("error") if body else None
    if not isinstance(error, Mapping):
        return _without_error(status, headers)
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    kind = _kind(status, code, subcode, is_transient=error.get("is_transient") is True)
    trace_id = error.get("fbtrace_id")
    return Failure(
        kind=kind,
        code=f"http {status}" if code is None else f"{code}/{subcode}" if subcode else str(code),
        reason=_reason(kind, code, subcode, error),
        retry_after=_wait(code, headers) if kind is Kind.THROTTLED else None,
        trace_id=trace_id[:64] if isinstance(trace_id, str) else None,
        # Behind a 5xx it is Meta that is ill, whatever it says.
        answered=status < 500,
    )


def _without_error(status: int, headers: Mapping[str, str]) -> Failure:
    """A proxy or an edge spoke, or the answer was cut: all of it passes, but for a request too large."""
    code = f"http {status}"
    if status == 413:
        return Failure(Kind.REQUEST_REFUSED, code, "The request was too large.", answered=False)
    kind = Kind.THROTTLED if status == 429 else Kind.TRANSIENT
    retry_after = _wait(None, headers) if kind is Kind.THROTTLED else None
    return Failure(kind, code, REASONS_BY_KIND[kind], retry_after, answered=False)


def _kind(status: int, code: int | None, subcode: int | None, *, is_transient: bool) -> Kind:
    if code in THROTTLE_CODES or code == BLOCKED or status == 429:
        return Kind.THROTTLED
    if is_transient or status >= 500 or code is None:
        return Kind.TRANSIENT
    if code in TOKEN_CODES:
        return Kind.TOKEN
    if code in CONFIGURATION_CODES or (code, subcode) == (INVALID_PARAMETER, NO_SUCH_OBJECT):
        return Kind.CONFIGURATION
    if code == DUPLICATE_POST or (code == INVALID_PARAMETER and subcode in EVENT_SUBCODES):
        return Kind.EVENT_REFUSED
    if code == INVALID_PARAMETER:
        return Kind.REQUEST_REFUSED
    # Nobody knows every code, and a wrong guess must not lose a sale.
    return Kind.TRANSIENT


def _reason(kind: Kind, code: int | None, subcode: int | None, error: Mapping[str, Any]) -> str:
    ours = REASONS.get((code or 0, subcode)) or REASONS_BY_KIND[kind]
    theirs = error.get("error_user_msg") or error.get("message")
    return f"{ours} Meta says: {_quoted(theirs)}" if isinstance(theirs, str) and theirs else ours


# Hashes, addresses and ids that Meta repeats back.
_PERSONAL = re.compile(r"[0-9a-fA-F]{32,}|\S+@\S+|\b\d{1,3}(?:\.\d{1,3}){3}\b|fb\.\d\.\d+\.\S+|\+?\d{8,}")


def _quoted(text: str) -> str:
    return _PERSONAL.sub("…", text[:LONGEST_QUOTE])


def _wait(code: int | None, headers: Mapping[str, str]) -> timedelta:
    """How long Meta asks to wait: minutes in one header, seconds in the others, the longest counts."""
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
