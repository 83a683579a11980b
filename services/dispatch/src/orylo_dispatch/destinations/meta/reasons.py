"""The sentences that people read when Meta refuses something."""

from collections.abc import Mapping
from enum import StrEnum


class FailureKind(StrEnum):
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    TOKEN = "token"  # noqa: S105
    CONFIGURATION = "configuration"
    EVENT_REFUSED = "event_refused"
    # Meta does not say which event is wrong, or whether it is an event at all.
    REQUEST_REFUSED = "request_refused"


# By code and subcode.
REASONS: Mapping[tuple[int, int | None], str] = {
    (100, 2804001): "The click id (fbc) is malformed.",
    (100, 2804003): "The payment is older than 7 days.",
    (100, 2804004): "The payment's time is in the future.",
    (100, 2804008): "A product has no id.",
    (100, 2804009): "The purchase has no value.",
    (100, 2804016): "A customer parameter is not hashed.",
    (100, 2804023): "The value has no valid currency.",
    (100, 2804050): "Too little is known about the buyer.",
    (100, 33): "The dataset does not exist, or the token cannot access it. Check the pixel id and the token's assets.",
    (190, 458): "The app was removed from the account. Create a new token.",
    (190, 459): "The account that owns the token has to log in to Meta first.",
    (190, 460): "A password change invalidated the token. Create a new token.",
    (190, 463): "The token has expired. Create a new token.",
    (190, 467): "The token is no longer valid. Create a new token.",
}
REASONS_BY_KIND: Mapping[FailureKind, str] = {
    FailureKind.TRANSIENT: "Meta is temporarily unavailable.",
    FailureKind.THROTTLED: "Meta is limiting the rate of calls.",
    FailureKind.TOKEN: "Meta does not accept the token. Create a new one.",
    FailureKind.CONFIGURATION: "The token may not send to this dataset. Check its permissions and the pixel id.",
    FailureKind.EVENT_REFUSED: "Meta refused the event.",
    FailureKind.REQUEST_REFUSED: "Meta refused the request.",
}
