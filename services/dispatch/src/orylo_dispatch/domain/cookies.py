"""Meta's two cookies: `fbc`, which click brought the visitor, and `fbp`, which browser it is.

`fb.<domain level>.<Unix milliseconds>.<payload>`, at times with an appendix as a fifth part. The payload of
an fbc is the fbclid as it stood in the address: its case and its signs are part of it.
"""

import re
from datetime import UTC, datetime, timedelta

from orylo_common.messages import Tracking

# After this Meta refuses the whole event for its fbc; the event is as good without.
OLDEST_CLICK = timedelta(days=90)

_APPENDIX = r"(?:\.[A-Za-z0-9_-]{2,8})?"
_FBC = re.compile(rf"fb\.(\d)\.(\d{{13}})\.([A-Za-z0-9_-]{{1,500}}){_APPENDIX}")
_FBP = re.compile(rf"fb\.\d\.\d{{13}}\.\d{{1,20}}{_APPENDIX}")
_FBCLID = re.compile(r"[A-Za-z0-9_-]{1,500}")


def fbclid_of(tracking: Tracking) -> str | None:
    """The address's own fbclid before the cookie's: the cookie may be of an older click."""
    if tracking.fbclid and _FBCLID.fullmatch(tracking.fbclid):
        return tracking.fbclid
    parts = _FBC.fullmatch(tracking.fbc or "")
    return parts[3] if parts else None


def fbc_for(fbclid: str, fbc: str | None, clicked_at: datetime) -> str:
    """The cookie if it is about this fbclid, else the value that Meta's pixel would have made of it."""
    parts = _FBC.fullmatch(fbc or "")
    if parts and parts[3] == fbclid:
        return parts[0]
    return f"fb.1.{int(clicked_at.timestamp()) * 1000}.{fbclid}"


def acceptable_fbc(fbc: str | None, event_time: datetime) -> str | None:
    """`fbc` as Meta takes it with an event of that time; `None` where it would refuse the event for it."""
    parts = _FBC.fullmatch(fbc or "")
    if not parts:
        return None
    clicked_at = datetime.fromtimestamp(int(parts[2]) / 1000, UTC)
    if clicked_at <= event_time:
        return parts[0] if event_time - clicked_at < OLDEST_CLICK else None
    if clicked_at - event_time > timedelta(minutes=1):
        return None
    # Two clocks, one moment: the click was not after the purchase that it led to.
    return parts[0].replace(parts[2], str(int(event_time.timestamp()) * 1000), 1)


def acceptable_fbp(fbp: str | None) -> str | None:
    return fbp if fbp and _FBP.fullmatch(fbp) else None
