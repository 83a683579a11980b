"""Results of a run."""

from collections import deque
from dataclasses import dataclass, field

# Percentiles cover the latest responses only, which bounds memory in a run without end.
_KEPT_LATENCIES = 20_000


@dataclass(slots=True)
class SimulateSummary:
    """Counts of responses. `errors`: no response, or 5xx; `rejected`: 4xx; `visits`: accepted tracking calls."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    visits: int = 0
    rejected: int = 0
    errors: int = 0
    tracking: bool = True
    elapsed_s: float = 0.0
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_LATENCIES), repr=False)

    @property
    def answered(self) -> int:
        return self.accepted + self.duplicates + self.visits + self.rejected

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def as_json(self) -> dict[str, int | float | bool]:
        return {
            "sent": self.sent,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "visits": self.visits,
            "rejected": self.rejected,
            "errors": self.errors,
            "tracking": self.tracking,
            "elapsed_s": round(self.elapsed_s, 2),
            "rate_per_s": round(self.sent / self.elapsed_s, 1) if self.elapsed_s else 0.0,
            "p50_ms": round(self.percentile_ms(0.50), 2),
            "p95_ms": round(self.percentile_ms(0.95), 2),
        }
