"""The limits of Meta's Conversions API."""

from datetime import timedelta

import aiohttp

# In one request.
MAX_EVENTS = 1000
# Meta's edge accepts about 1 MB in practice; the rest is for the envelope.
MAX_BYTES = 900_000
# Meta's answers have some hundred bytes; the page of a proxy can have any size.
MAX_ANSWER_BYTES = 65_536
# Most answers come within 0.6 s. After `total` the outcome is unknown.
TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=1.5)
# Meta ignores a second event with the same name and id for this long.
DEDUPE_WINDOW = timedelta(hours=48)
# Meta refuses events older than 7 days. An hour may pass between our check and Meta's.
MAX_AGE = timedelta(days=7) - timedelta(hours=1)
# A gateway's clock may be a little fast. Beyond this its time is wrong, and with it the attribution.
MAX_CLOCK_SKEW = timedelta(minutes=10)
# Meta refuses an event for an fbc older than this; without the fbc it accepts it.
MAX_CLICK_AGE = timedelta(days=90)
