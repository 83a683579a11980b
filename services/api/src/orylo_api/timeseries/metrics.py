"""The metrics of a time series: how each follows from sums of a rollup."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from orylo_api.read_models.rollups import CONVERSIONS, DECLINES, DELIVERIES, METHODS, PAYMENTS, Rollup
from orylo_api.timeseries.queries import ACTIVITY, Sums

# What `api.latency_bucket` has a logarithm to.
LATENCY_BASE = 1.2

# The match method of a conversion that is attributed to no click.
NO_MATCH = "none"

DUE = ("pending", "dispatched", "failed")

Value = int | float | None


@dataclass(frozen=True, slots=True)
class Metric:
    """`compute` takes the sums of `measures` of one span. If `by` is set, it is the last dimension that they are by."""

    rollup: Rollup
    measures: tuple[str, ...]
    compute: Callable[[Sums], Value]
    description: str
    by: str | None = None

    @property
    def is_money(self) -> bool:
        return any(measure.endswith("_minor") for measure in self.measures)


def rollup_of(metric: Metric, dimensions: Collection[str]) -> Rollup | None:
    """Return the rollup that has the metric by `dimensions`, or None."""
    choices = (PAYMENTS, METHODS, DECLINES) if metric.rollup is PAYMENTS else (metric.rollup,)
    for rollup in choices:
        if set(dimensions) <= set(rollup.dimensions) and set(metric.measures) <= set(rollup.measures):
            return rollup
    return None


def ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def percentile(deliveries: Mapping[int, int], share: float) -> int | None:
    """Return the time in ms within which `share` of the deliveries was made, from the number in each bucket.

    It is the geometric middle of a bucket, so it is off by 10 % at most.
    """
    left = -int(-share * sum(deliveries.values()) // 1)
    for bucket, number in sorted(deliveries.items()):
        left -= number
        if left <= 0:
            return round(LATENCY_BASE ** (bucket - 0.5)) if bucket else 1
    return None


def total(sums: Sums, *measures: str) -> int:
    return sum(each[measure] for each in sums.values() for measure in measures)


def latencies(sums: Sums) -> dict[int, int]:
    """Return the deliveries by bucket, from sums by latency, which is the last dimension."""
    found: dict[int, int] = {}
    for values, each in sums.items():
        bucket = int(values[-1])
        found[bucket] = found.get(bucket, 0) + each["dispatched"]
    return found


def success_rate(sums: Sums) -> float | None:
    return ratio(total(sums, "succeeded"), total(sums, "succeeded", "failed"))


def reach_rate(sums: Sums) -> float | None:
    return ratio(total(sums, "dispatched"), due(sums))


def due(sums: Sums) -> int:
    """Return the number of conversions that are not kept from their destination."""
    return total(sums, *DUE)


def match_rate(sums: Sums) -> float | None:
    matched = {values: each for values, each in sums.items() if values[-1] != NO_MATCH}
    return ratio(due(matched), due(sums))


def _percentile(sums: Sums, *, share: float) -> int | None:
    return percentile(latencies(sums), share)


def _sum(rollup: Rollup, description: str, *measures: str) -> Metric:
    return Metric(rollup, measures, lambda sums: total(sums, *measures), description)


STOPPED = ("stopped_declined", "stopped_canceled", "stopped_refunded", "stopped_at_provider")
STOPPED_MINOR = tuple(f"{name}_minor" for name in STOPPED)

METRICS: Mapping[str, Metric] = {
    "payments": _sum(PAYMENTS, "all payments, paid or not", "payments"),
    "succeeded": _sum(PAYMENTS, "payments that were paid", "succeeded"),
    "failed": _sum(PAYMENTS, "declined payments", "failed"),
    "canceled": _sum(PAYMENTS, "canceled payments", "canceled"),
    "refunded": _sum(PAYMENTS, "payments that were refunded, also in part", "refunded"),
    "disputed": _sum(PAYMENTS, "payments with a dispute", "disputed"),
    "chargebacks": _sum(PAYMENTS, "payments with a lost dispute", "chargebacks"),
    "degraded": _sum(PAYMENTS, "payments decided without one or more detectors", "degraded"),
    "false_alarms": _sum(PAYMENTS, "reviewed or blocked payments that a person judged legitimate", "false_alarms"),
    "frauds": _sum(PAYMENTS, "paid payments that are fraud", "frauds"),
    "stopped": _sum(PAYMENTS, "fraud that was declined, canceled or refunded", *STOPPED),
    "success_rate": Metric(PAYMENTS, ("succeeded", "failed"), success_rate, "paid / (paid + declined)"),
    "amount_minor": _sum(PAYMENTS, "all payments' amounts, in the currency's minor unit", "amount_minor"),
    "succeeded_minor": _sum(PAYMENTS, "paid amounts, in the currency's minor unit", "succeeded_minor"),
    "refunded_minor": _sum(PAYMENTS, "refunded amounts, in the currency's minor unit", "refunded_minor"),
    "chargeback_minor": _sum(PAYMENTS, "amounts of lost disputes, in the currency's minor unit", "chargeback_minor"),
    "stopped_minor": _sum(PAYMENTS, "amounts of stopped fraud, in the currency's minor unit", *STOPPED_MINOR),
    "conversions": _sum(CONVERSIONS, "conversions, also suppressed ones", "conversions"),
    "conversions_pending": _sum(CONVERSIONS, "conversions that wait", "pending"),
    "conversions_dispatched": _sum(CONVERSIONS, "conversions that the destination confirmed", "dispatched"),
    "conversions_failed": _sum(CONVERSIONS, "conversions that failed for good", "failed"),
    "conversions_suppressed": _sum(CONVERSIONS, "conversions that are deliberately not sent", "suppressed"),
    "dispatched_minor": _sum(
        CONVERSIONS, "amounts of confirmed conversions, in the currency's minor unit", "dispatched_minor"
    ),
    "reach_rate": Metric(CONVERSIONS, DUE, reach_rate, "confirmed / all that are not suppressed"),
    "match_rate": Metric(
        CONVERSIONS, DUE, match_rate, "attributed to a click / all that are not suppressed", "match_method"
    ),
    "delivery_p50_ms": Metric(
        DELIVERIES, ("dispatched",), partial(_percentile, share=0.5), "median time to delivery, in ms", "latency"
    ),
    "delivery_p95_ms": Metric(
        DELIVERIES, ("dispatched",), partial(_percentile, share=0.95), "95th percentile of it, in ms", "latency"
    ),
    "delivery_p99_ms": Metric(
        DELIVERIES, ("dispatched",), partial(_percentile, share=0.99), "99th percentile of it, in ms", "latency"
    ),
    "webhooks": _sum(ACTIVITY, "webhooks that became a message", "webhooks"),
    "clicks": _sum(ACTIVITY, "visits that the tracking script reported", "clicks"),
    "checkouts": _sum(ACTIVITY, "checkouts that were started", "checkouts"),
    "fraud_warnings": _sum(ACTIVITY, "fraud warnings of card networks", "fraud_warnings"),
    "dead_letters": _sum(ACTIVITY, "dead letters", "dead_letters"),
}
