"""The metrics of dispatch."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

from orylo_dispatch.domain.attempt import AttemptOutcome

ATTEMPTS = Counter("orylo_dispatch_attempts_total", "Delivery attempts", ["kind", "outcome"])
DELIVERIES = Counter(
    "orylo_dispatch_deliveries_total", "Conversions that were dispatched, failed or suppressed", ["kind", "outcome"]
)
SENT_SECONDS = Histogram(
    "orylo_dispatch_sent_seconds",
    "Time from the payment, by the gateway's clock, to the destination's confirmation",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600),
)
REQUEST_SECONDS = Histogram(
    "orylo_dispatch_batch_seconds",
    "Time to send a batch to the destination",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
BATCH_SIZE = Histogram(
    "orylo_dispatch_batch_size", "Conversions in a batch", ["kind"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
)
WAITING = Gauge("orylo_dispatch_waiting", "Conversions that are held, due, or waiting for a retry", ["state"])
OLDEST_DUE_SECONDS = Gauge("orylo_dispatch_oldest_due_seconds", "Time since the oldest due conversion became due")
CLICKS_NOT_RECORDED = Counter(
    "orylo_dispatch_clicks_not_recorded_total", "Reports of visits beyond what a tenant may have in a day"
)
# The label is an id, because a destination's name belongs to the tenant.
ON_HOLD = Gauge(
    "orylo_dispatch_destination_on_hold", "1 while the destination refuses its token or configuration", ["destination"]
)
TOKEN_EXPIRES = Gauge(
    "orylo_dispatch_token_expires_timestamp_seconds", "When a destination's access token expires", ["destination"]
)


def start_counting(kinds: Iterable[str]) -> None:
    """Start the series that alerts count at 0: rates miss a series' first value."""
    for kind in kinds:
        for outcome in ("dispatched", "failed"):
            DELIVERIES.labels(kind, outcome)
        for outcome in AttemptOutcome:
            ATTEMPTS.labels(kind, outcome)
