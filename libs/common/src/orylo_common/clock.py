"""The clock as a dependency, which simulations and tests replace."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the current time in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
