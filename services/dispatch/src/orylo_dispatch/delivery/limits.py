"""The limits of one destination's worker."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    # While a circuit is half open: a failing probe costs few deliveries an attempt.
    probe_batch: int = 10
    # A claim expires after `lease`; deliveries of a killed process wait as long. The last request of a batch begins
    # within `sending` and takes 10 s at most.
    lease: timedelta = timedelta(seconds=30)
    sending: timedelta = timedelta(seconds=12)
    # Between two probes of a destination on hold. A changed destination is tried at once.
    probe_every: timedelta = timedelta(minutes=5)
    # Subtracted from the destination's dedupe window: the time that a repeat may take to arrive.
    dedupe_margin: timedelta = timedelta(hours=2)
