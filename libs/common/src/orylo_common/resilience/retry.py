"""The delays between attempts."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter: a random delay between zero and the doubled one.

    Full jitter keeps callers that failed together from retrying together.
    """

    base: timedelta = timedelta(seconds=1)
    cap: timedelta = timedelta(hours=1)
    max_attempts: int = 12
    jitter: Callable[[], float] = random.random

    def delay(self, attempt_number: int) -> timedelta:
        """Return the delay after an attempt. Attempts are counted from 1."""
        # The cap applies long before 2^32. Without this limit the product would overflow.
        doubled = self.base * (1 << min(attempt_number - 1, 32))
        return min(self.cap, doubled) * self.jitter()
