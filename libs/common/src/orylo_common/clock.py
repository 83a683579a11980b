"""Time as something that is passed in, so that simulations and tests own it."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The moment, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
