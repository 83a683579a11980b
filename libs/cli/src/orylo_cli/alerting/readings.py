"""The metrics of this process now and within the last hour, as the alarms read them."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from prometheus_client import REGISTRY, CollectorRegistry

# The longest window of an alarm.
KEEP = timedelta(hours=1)
# The counters whose increase an alarm reads.
COUNTERS = frozenset(
    {
        "orylo_webhooks_total",
        "orylo_dispatch_deliveries_total",
        "orylo_messages_handled_total",
        "orylo_payments_total",
    }
)

Labels = Mapping[str, str]
Samples = Mapping[str, list[tuple[Labels, float]]]


@dataclass(slots=True)
class Readings:
    """`checks` has what each service's `/readyz` says of its dependencies; a service without an answer is absent.

    `now` is in Unix seconds, `disk_free` a share of the data folder's disk.
    """

    now: float
    samples: Samples
    checks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    disk_free: float = 1.0
    earlier: deque[tuple[float, Samples]] = field(default_factory=deque)

    def values(self, name: str, **labels: str) -> list[float]:
        return list(_matching(self.samples, name, labels))

    def highest(self, name: str, **labels: str) -> float:
        return max(self.values(name, **labels), default=0.0)

    def increase(self, name: str, window: timedelta, **labels: str) -> float:
        """Return how much a counter grew within the window, or since the start if that is later."""
        ages = ((self.now - at, samples) for at, samples in reversed(self.earlier))
        # Counters start at 0 with the process.
        then: Samples = next((samples for age, samples in ages if age >= window.total_seconds()), {})
        return sum(_matching(self.samples, name, labels)) - sum(_matching(then, name, labels))


class ReadingHistory:
    """Takes readings at intervals, and keeps the counters of the last hour."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._registry = registry
        self._earlier: deque[tuple[float, Samples]] = deque()

    def read(self, now: float, checks: Mapping[str, Mapping[str, str]], disk_free: float) -> Readings:
        samples: dict[str, list[tuple[Labels, float]]] = {}
        for metric in self._registry.collect():
            for sample in metric.samples:
                samples.setdefault(sample.name, []).append((sample.labels, sample.value))
        readings = Readings(now, samples, checks, disk_free, self._earlier.copy())
        self._earlier.append((now, {name: samples[name] for name in COUNTERS & samples.keys()}))
        # One reading stays that is older than every window.
        while len(self._earlier) > 1 and now - self._earlier[1][0] >= KEEP.total_seconds():
            self._earlier.popleft()
        return readings


def _matching(samples: Samples, name: str, labels: Labels) -> Iterator[float]:
    """Yield the values of the metric's series with these labels; `!` before a value excludes it."""
    for series, value in samples.get(name, ()):
        if all(
            series.get(label) != wanted[1:] if wanted.startswith("!") else series.get(label) == wanted
            for label, wanted in labels.items()
        ):
            yield value
