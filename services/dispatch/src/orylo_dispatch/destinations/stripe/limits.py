"""The limits of Stripe's API."""

from datetime import timedelta

import aiohttp

# Requests of one batch, one after another. Stripe's live mode allows 100 a second, and some endpoints fewer.
BATCH = 20
MAX_ANSWER_BYTES = 262_144
# A refund usually takes about a second. After `total` the outcome is unknown.
TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=1.5)
# A full refund and a cancellation succeed once, whenever they are repeated: Stripe refuses the second with the state
# of the first. Its memory of idempotency keys, 24 hours, is not needed for that.
DEDUPE_WINDOW = timedelta(days=365)
# An older payment is left to a person.
MAX_AGE = timedelta(days=30)
