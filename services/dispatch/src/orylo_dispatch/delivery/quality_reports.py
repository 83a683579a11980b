"""A destination's own report of its quality, kept for a while, since each question counts towards its limits."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orylo_dispatch.delivery.checks import DestinationChecks
from orylo_dispatch.delivery.sink import DestinationKey
from orylo_dispatch.domain.attempt import DeliveryAttempt
from orylo_dispatch.domain.quality import EventQuality

KEEP = timedelta(minutes=15)
# A refusal may have been mended at the destination.
KEEP_REFUSAL = timedelta(minutes=1)
MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class QualityReport:
    """`refusal` is why the destination did not report."""

    asked_at: datetime
    events: tuple[EventQuality, ...] = ()
    refusal: DeliveryAttempt | None = None

    def is_kept(self, now: datetime) -> bool:
        return now - self.asked_at < (KEEP if self.refusal is None else KEEP_REFUSAL)


@dataclass(frozen=True, slots=True)
class QualityReports:
    checks: DestinationChecks
    # By destination, and the time of its newest change.
    _kept: dict[tuple[DestinationKey, datetime], QualityReport] = field(default_factory=dict)

    async def read(self, key: DestinationKey) -> QualityReport | None:
        """Return the report; None if the kind of destination makes none. Raises `UnknownDestination`."""
        destination = self.checks.find(key)
        version = (key, destination.updated_at)
        now = self.checks.clock.now()
        if (kept := self._kept.get(version)) and kept.is_kept(now):
            return kept
        answer = await self.checks.quality(destination)
        if answer is None:
            return None
        report = (
            QualityReport(now, refusal=answer)
            if isinstance(answer, DeliveryAttempt)
            else QualityReport(now, events=answer)
        )
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[version] = report
        return report
