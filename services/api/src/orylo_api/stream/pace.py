"""How many events a client gets that shows states: no more than a person can follow.

A busy shop has hundreds of events a second. Compressed, each takes some 30 bytes, and a dashboard that stays open would
load gigabytes of rows that scroll past unread. Beyond the pace, events are left out. `events.skipped` reports it to the
client at once and then every 15 seconds, and the client reloads what it shows.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from math import inf, isfinite

from pydantic import Field

from orylo_api.http.fields import ResponseBody
from orylo_api.stream.events import StreamEvent

# Events a second, on average: those of about three payments, and 1.3 MB an hour.
FOLLOWED_PER_S = 12
# How many may come at once before any are left out.
BURST = 600
SKIP_FOR = timedelta(seconds=15)
# What follows from webhooks. Everything else follows from what people do: there is little of it, and none is left out.
TYPES_OF_WEBHOOKS = frozenset(
    {
        "detection.created",
        "customer.seen",
        "conversion.matched",
        "conversion.suppressed",
        "conversion.dispatched",
        "conversion.failed",
        "dead_letter.created",
        "webhook.accepted",
        "webhook.refused",
    }
)
# Of `trust.updated`, which also follows from statuses, verdicts and corrections.
CAUSES_OF_WEBHOOKS = frozenset(
    {
        "clean_payment",
        "payment_blocked",
        "block_lifted",
        "refund",
        "refund_failed",
        "fraud_warning",
        "dispute_opened",
        "dispute_won",
        "dispute_lost",
    }
)


class EventsSkipped(ResponseBody):
    """Events were left out because there were too many: reload what you show."""

    payments: int = Field(description="how many payments had a decision among the events left out")


class StreamPace:
    """What one client gets. While events are left out, `seconds_left` says when to report it."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._room = float(BURST)
        self._filled_at = time()
        # Infinite while no events are left out.
        self._report_at = inf
        self._counted_since = 0.0
        self._left_out = 0
        self._payments: set[str] = set()

    @property
    def is_skipping(self) -> bool:
        return isfinite(self._report_at)

    @property
    def seconds_left(self) -> float:
        """The time until `report` is due; infinite while no events are left out."""
        return self._report_at - self._time()

    def admit(self, events: Sequence[StreamEvent]) -> Sequence[StreamEvent]:
        """Return the events to send."""
        many = [event for event in events if _follows_from_webhook(event)]
        if not self.is_skipping:
            now = self._time()
            self._room = min(BURST, self._room + (now - self._filled_at) * FOLLOWED_PER_S) - len(many)
            self._filled_at = now
            if self._room >= 0:
                return events
            self._report_at = self._counted_since = now
        self._left_out += len(many)
        self._payments.update(event.fields["payment_id"] for event in many if event.type == "detection.created")
        return [event for event in events if not _follows_from_webhook(event)]

    def report(self) -> EventsSkipped:
        """Return what was left out, and begin anew: with all events, if they were few enough to follow."""
        now = self._time()
        skipped = EventsSkipped(payments=len(self._payments))
        seconds = now - self._counted_since
        can_follow = seconds >= SKIP_FOR.total_seconds() and self._left_out <= seconds * FOLLOWED_PER_S
        self._report_at = inf if can_follow else now + SKIP_FOR.total_seconds()
        self._room, self._filled_at, self._counted_since = float(BURST), now, now
        self._left_out, self._payments = 0, set()
        return skipped


def _follows_from_webhook(event: StreamEvent) -> bool:
    if event.type == "trust.updated":
        return event.fields["cause"] in CAUSES_OF_WEBHOOKS
    return event.type in TYPES_OF_WEBHOOKS
