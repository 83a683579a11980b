"""Accepted events, counted as Meta counts them: an event id counts once in 48 hours."""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

DEDUPE_WINDOW = timedelta(hours=48)
# Enough for any test and for a day of the demo; at most 100 MB.
MAX_KEYS = 500_000
LATEST = 100
# Of an event's user_data: Meta's name for the key in its figures.
MATCH_KEYS: Mapping[str, str] = {
    "em": "email",
    "ph": "phone",
    "external_id": "external_id",
    "fbc": "fb_click_id",
    "fbp": "fb_browser_id",
    "client_ip_address": "ip_address",
    "client_user_agent": "user_agent",
}
# Fewer events have no score.
SCORED_FROM = 5


@dataclass(slots=True)
class EventCount:
    counted_at: float
    received: int
    counted: int


@dataclass(slots=True)
class Dataset:
    """The events of one pixel. The totals also count events whose key was evicted."""

    requests: int = 0
    refused_requests: int = 0
    received: int = 0
    unique: int = 0
    events: OrderedDict[tuple[str, str], EventCount] = field(default_factory=OrderedDict)
    latest: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=LATEST))
    test_events: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=LATEST))

    def accept(self, events: Sequence[Mapping[str, Any]], now: float, test_code: str | None = None) -> None:
        """Count the events. Those with a test event code count too, and are also listed."""
        for event in events:
            if test_code is not None:
                self.test_events.append({"event_id": event.get("event_id"), "test_event_code": test_code})
            self.received += 1
            self.unique += self._counts(event, now)
            self.latest.append(event)

    def quality(self) -> list[dict[str, Any]]:
        """Return what the Dataset Quality API says of the latest events. The score is a guess: Meta's is secret."""
        by_name: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for event in self.latest:
            by_name[event["event_name"]].append(event["user_data"])
        return [_quality(name, people) for name, people in sorted(by_name.items())]

    def _counts(self, event: Mapping[str, Any], now: float) -> bool:
        if "event_id" not in event:
            return True
        key = (event["event_name"], event["event_id"])
        count = self.events.get(key)
        if count is None:
            self.events[key] = EventCount(counted_at=now, received=1, counted=1)
            if len(self.events) > MAX_KEYS:
                self.events.popitem(last=False)
            return True
        count.received += 1
        if now - count.counted_at <= DEDUPE_WINDOW.total_seconds():
            return False
        count.counted_at, count.counted = now, count.counted + 1
        return True

    def report(self) -> dict[str, Any]:
        """Return the counts.

        `event_ids` has the number of times each was received, `first_at` the Unix second at which it was counted, and
        `counted_twice` the ids that Meta would count again.
        """
        return {
            "requests": self.requests,
            "refused_requests": self.refused_requests,
            "received": self.received,
            "unique": self.unique,
            "event_ids": {event_id: count.received for (_, event_id), count in self.events.items()},
            "first_at": {event_id: count.counted_at for (_, event_id), count in self.events.items()},
            "counted_twice": [event_id for (_, event_id), count in self.events.items() if count.counted > 1],
            "latest": list(self.latest),
            "test_events": list(self.test_events),
        }


def _quality(name: str, people: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    coverage = {key: 100 * sum(field in each for each in people) / len(people) for field, key in MATCH_KEYS.items()}
    quality: dict[str, Any] = {
        "match_key_feedback": [
            {"identifier": key, "coverage": {"percentage": round(share, 1)}} for key, share in coverage.items() if share
        ]
    }
    if len(people) >= SCORED_FROM:
        quality["composite_score"] = round(sum(coverage.values()) / len(coverage) / 10, 1)
    return {
        "event_name": name,
        "event_match_quality": quality,
        "dedupe_key_feedback": [
            {"dedupe_key": "event_id", "overall_browser_coverage_from_dedupe_key": {"percentage": 0}}
        ],
        "data_freshness": {"upload_frequency": "real_time"},
    }
