"""Ingest's metrics."""

from collections.abc import Iterable
from functools import lru_cache

from prometheus_client import Counter, Histogram

# `outcome`: accepted, already_reported, ignored, quarantined, duplicate, conflict; rejected: not_found,
# unauthenticated, unreadable, too_large, unsupported_encoding, too_slow, rate_limited, unavailable.
# Alerts count these. Rates miss a series' first value, so the series start at 0 before the first webhook.
COUNTED_FROM_START = ("accepted", "quarantined", "conflict", "unauthenticated", "rate_limited", "unavailable")
WEBHOOKS = Counter("orylo_webhooks_total", "Webhooks answered", ["gateway", "outcome"])
WEBHOOK_SECONDS = Histogram(
    "orylo_webhook_seconds",
    "Time from the end of the headers to the response",
    ["gateway"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
)

# Counts what a gateway's documentation leaves open. `variant` is a word of the adapter.
WEBHOOK_VARIANTS = Counter(
    "orylo_webhook_variants_total", "Webhooks by the format variants that occur in them", ["gateway", "variant"]
)

# `status`: published, already_reported, ignored, quarantined.
REPLAYS = Counter("orylo_webhook_replays_total", "Quarantined webhooks that were replayed", ["gateway", "status"])
REJECTIONS_UNREPORTED = Counter(
    "orylo_rejections_unreported_total", "Rejections not reported to the merchant: too many different ones at once"
)

# `outcome`: accepted, already_reported.
EVENTS_FETCHED = Counter(
    "orylo_events_fetched_total",
    "Events that no webhook delivered and a reconciliation fetched",
    ["gateway", "outcome"],
)
# `state`: completed, failed.
RECONCILIATIONS = Counter("orylo_reconciliations_total", "Reconciliations that ended", ["gateway", "state"])

# `outcome`: accepted, or the code of the problem.
VISITS = Counter("orylo_visits_total", "Visits reported by the tracking script", ["outcome"])


# Finding a labelled child costs more than counting.
@lru_cache(maxsize=500)
def _webhooks(gateway: str, outcome: str):  # type: ignore[no-untyped-def]
    return WEBHOOKS.labels(gateway, outcome)


@lru_cache(maxsize=100)
def _webhook_seconds(gateway: str):  # type: ignore[no-untyped-def]
    return WEBHOOK_SECONDS.labels(gateway)


@lru_cache(maxsize=200)
def _variants(gateway: str, variant: str):  # type: ignore[no-untyped-def]
    return WEBHOOK_VARIANTS.labels(gateway, variant)


def start_counting(gateways: Iterable[str]) -> None:
    """Start the series of every gateway at 0."""
    for gateway in gateways:
        for outcome in COUNTED_FROM_START:
            _webhooks(gateway, outcome)
        for state in ("completed", "failed"):
            RECONCILIATIONS.labels(gateway, state)


def count_webhook(gateway: str, outcome: str) -> None:
    _webhooks(gateway, outcome).inc()


def observe_webhook_seconds(gateway: str, seconds: float) -> None:
    _webhook_seconds(gateway).observe(seconds)


def count_variant(gateway: str, variant: str) -> None:
    _variants(gateway, variant).inc()
