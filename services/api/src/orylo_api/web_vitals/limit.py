"""How many reports of Web Vitals a user may send."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from orylo_api.errors import TooManyVitals

# A page sends one when it is left: thirty pages a minute are more than a person reads.
REPORTS_PER_MINUTE = 30
_MINUTE = timedelta(minutes=1)


class VitalsLimit:
    """Counts the reports of the present minute, by user. Each replica counts its own."""

    def __init__(self) -> None:
        self._minute = -1
        self._reports: Counter[UUID] = Counter()

    def count(self, user: UUID, now: datetime) -> None:
        """Count a report. Raises `TooManyVitals` if the user sent as many as are allowed in this minute."""
        minute = int(now.timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            self._reports.clear()
        if self._reports[user] >= REPORTS_PER_MINUTE:
            raise TooManyVitals("too many reports of Web Vitals in this minute", _MINUTE)
        self._reports[user] += 1
