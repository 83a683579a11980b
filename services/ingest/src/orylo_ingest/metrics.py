"""What the door counts."""

from functools import lru_cache

from prometheus_client import Counter, Histogram

# `outcome`: accepted, already_reported, ignored, quarantined, duplicate, conflict; refused: not_found,
# unauthenticated, unreadable, too_large, unsupported_encoding, too_slow, rate_limited, unavailable.
WEBHOOKS = Counter("orylo_webhooks_total", "Webhooks answered", ["gateway", "outcome"])
WEBHOOK_SECONDS = Histogram(
    "orylo_webhook_seconds",
    "From the headers read to the answer",
    ["gateway"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
)

# What a gateway's documents leave open, as it came: `variant` is one of the adapters' own words.
WEBHOOK_VARIANTS = Counter(
    "orylo_webhook_variants_total", "Webhooks by the variants that they came in", ["gateway", "variant"]
)

# `status`: published, already_reported, ignored, quarantined.
REPLAYS = Counter("orylo_webhook_replays_total", "Quarantined webhooks read once more", ["gateway", "status"])
REJECTIONS_UNREPORTED = Counter(
    "orylo_rejections_unreported_total", "Refusals that no merchant is told of: too many kinds at once"
)

# `outcome`: accepted, or the code of the problem.
VISITS = Counter("orylo_visits_total", "Answers to what the tracking script told", ["outcome"])


@lru_cache(maxsize=200)
def _variant(gateway: str, variant: str):  # type: ignore[no-untyped-def]
    return WEBHOOK_VARIANTS.labels(gateway, variant)


def count_variant(gateway: str, variant: str) -> None:
    _variant(gateway, variant).inc()
