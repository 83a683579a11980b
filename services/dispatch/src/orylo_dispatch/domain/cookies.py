"""Meta's two cookies as they reach us: `fbc` names the click that brought the visitor, `fbp` the browser.

Their form is `fb.<domain level>.<Unix milliseconds>.<payload>`, sometimes with an appendix as a fifth part. Some
scripts write seconds instead. The payload of an fbc is the fbclid exactly as it was in the URL, including its case.
"""

import re
from datetime import datetime

from orylo_common.messages import Tracking

_APPENDIX = r"(?:\.[A-Za-z0-9_-]{2,8})?"
# Groups: the domain level, the milliseconds, the fbclid.
FBC = re.compile(rf"fb\.(\d)\.(\d{{13}})\.([A-Za-z0-9_-]{{1,500}}){_APPENDIX}")
FBP = re.compile(rf"fb\.\d\.\d{{13}}\.\d{{1,20}}{_APPENDIX}")
_IN_SECONDS = re.compile(r"(fb\.\d\.\d{10})(\..*)")
_FBCLID = re.compile(r"[A-Za-z0-9_-]{1,500}")


def in_milliseconds(cookie: str) -> str:
    """Return the cookie with its time in milliseconds, if it is in seconds."""
    return _IN_SECONDS.sub(r"\g<1>000\2", cookie)


def fbclid_of(tracking: Tracking) -> str | None:
    """Return the fbclid of the URL, else that of the cookie, which may belong to an older click."""
    if tracking.fbclid and _FBCLID.fullmatch(tracking.fbclid):
        return tracking.fbclid
    parts = FBC.fullmatch(in_milliseconds(tracking.fbc or ""))
    return parts[3] if parts else None


def fbc_for(fbclid: str, fbc: str | None, clicked_at: datetime) -> str:
    """Return the cookie if it holds this fbclid, else the value that Meta's pixel would have made."""
    parts = FBC.fullmatch(in_milliseconds(fbc or ""))
    if parts and parts[3] == fbclid:
        return parts[0]
    return f"fb.1.{int(clicked_at.timestamp()) * 1000}.{fbclid}"
