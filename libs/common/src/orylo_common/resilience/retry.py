"""When the next attempt is made."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter: anything between nothing and the doubled delay.

    Full, because callers that failed together must not come back together.
    """

    base: timedelta = timedelta(seconds=1)
    cap: timedelta = timedelta(hours=1)
    max_attempts: int = 12
    jitter: Callable[[], float] = random.random

    def delay(self, attempt_number: int) -> timedelta:
        """How long to wait after the attempt with this number, which counts from 1."""
        # Beyond 2^32 the cap has long decided; without the limit the product would overflow.
        doubled = self.base * (1 << min(attempt_number - 1, 32))
        return min(self.cap, doubled) * self.jitter()
