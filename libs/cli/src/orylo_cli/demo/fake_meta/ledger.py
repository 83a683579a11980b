"""What was accepted, counted as Meta counts it: every event received, and each once in 48 hours."""

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

DEDUPE_WINDOW = timedelta(hours=48)
# Enough for any test and a day of the demo, and about 100 MB at worst.
MAX_KEYS = 500_000
LATEST = 100


@dataclass(slots=True)
class Seen:
    first_at: float
    received: int
    counted: int


@dataclass(slots=True)
class Dataset:
    """One pixel's events. Counters go on when the oldest keys are forgotten."""

    requests: int = 0
    refused_requests: int = 0
    received: int = 0
    unique: int = 0
    seen: OrderedDict[tuple[str, str], Seen] = field(default_factory=OrderedDict)
    latest: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=LATEST))

    def accept(self, events: Sequence[Mapping[str, Any]], now: float) -> None:
        for event in events:
            self.received += 1
            self.unique += self._counts(event, now)
            self.latest.append(event)

    def _counts(self, event: Mapping[str, Any], now: float) -> bool:
        if "event_id" not in event:
            return True
        key = (event["event_name"], event["event_id"])
        seen = self.seen.get(key)
        if seen is None:
            self.seen[key] = Seen(first_at=now, received=1, counted=1)
            if len(self.seen) > MAX_KEYS:
                self.seen.popitem(last=False)
            return True
        seen.received += 1
        if now - seen.first_at <= DEDUPE_WINDOW.total_seconds():
            return False
        seen.first_at, seen.counted = now, seen.counted + 1
        return True

    def report(self) -> dict[str, Any]:
        """`event_ids`: how often each was received, `first_at`: when it was counted, in Unix seconds;
        `counted_twice`: those that Meta would count again.
        """
        return {
            "requests": self.requests,
            "refused_requests": self.refused_requests,
            "received": self.received,
            "unique": self.unique,
            "event_ids": {event_id: seen.received for (_, event_id), seen in self.seen.items()},
            "first_at": {event_id: seen.first_at for (_, event_id), seen in self.seen.items()},
            "counted_twice": [event_id for (_, event_id), seen in self.seen.items() if seen.counted > 1],
            "latest": list(self.latest),
        }
