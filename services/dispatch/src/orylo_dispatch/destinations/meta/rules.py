"""Meta's rules for an event. One event that breaks a rule fails its whole request."""

from datetime import UTC, datetime, timedelta

from orylo_dispatch.delivery.sink import Fault
from orylo_dispatch.destinations.meta.limits import MAX_AGE, MAX_CLICK_AGE, MAX_CLOCK_SKEW
from orylo_dispatch.domain.conversion import ANONYMOUS, OutgoingConversion, is_anonymous
from orylo_dispatch.domain.cookies import FBC, FBP, in_milliseconds


def find_fault(conversion: OutgoingConversion, now: datetime) -> Fault | None:
    """Return the fault for which Meta would refuse the conversion."""
    if now - conversion.occurred_at > MAX_AGE:
        return Fault("too_old", "The payment is older than 7 days; Meta does not accept events of that age.")
    if conversion.occurred_at - now > MAX_CLOCK_SKEW:
        return Fault("in_future", "The payment's time is in the future; the gateway's clock or time zone is wrong.")
    if is_anonymous(conversion):
        return Fault(ANONYMOUS, "Too little is known about the buyer for Meta to recognise them.")
    return None


def event_time(conversion: OutgoingConversion, now: datetime) -> datetime:
    """Return the time of the payment in whole seconds, but never later than now: a gateway's clock may be fast."""
    return min(conversion.occurred_at, now).astimezone(UTC).replace(microsecond=0)


def acceptable_fbc(fbc: str | None, event_time: datetime) -> str | None:
    """Return the fbc to send with an event of that time, or `None` if Meta would refuse the event for it."""
    parts = FBC.fullmatch(in_milliseconds(fbc or ""))
    if not parts:
        return None
    clicked_at = datetime.fromtimestamp(int(parts[2]) / 1000, UTC)
    if clicked_at <= event_time:
        return parts[0] if event_time - clicked_at < MAX_CLICK_AGE else None
    if clicked_at - event_time > timedelta(minutes=1):
        return None
    # Two clocks differ a little: the click came before the purchase that it led to.
    return parts[0].replace(parts[2], str(int(event_time.timestamp()) * 1000), 1)


def acceptable_fbp(fbp: str | None) -> str | None:
    written = in_milliseconds(fbp or "")
    return written if FBP.fullmatch(written) else None
