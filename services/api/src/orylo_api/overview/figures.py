"""The figures of a period, from the sums of its payments and conversions."""

from orylo_api.overview.models import (
    CountedMoney,
    CurrencyAmount,
    Decided,
    DeclineCount,
    MatchedBy,
    MatchRate,
    PeriodFigures,
    Reached,
    StoppedFraud,
)
from orylo_api.timeseries.metrics import (
    NO_MATCH,
    STOPPED,
    STOPPED_MINOR,
    due,
    latencies,
    percentile,
    ratio,
    reach_rate,
    success_rate,
    total,
)
from orylo_api.timeseries.periods import Span
from orylo_api.timeseries.queries import Sums
from orylo_common.messages import Decision

MOST_FREQUENT = 10
PAYMENT_MEASURES = (
    *("payments", "succeeded", "failed", "refunded", "chargebacks", "degraded", "false_alarms", *STOPPED),
    *("succeeded_minor", "refunded_minor", "chargeback_minor", *STOPPED_MINOR),
)


def figures_of(span: Span, payments: Sums, declines: Sums, conversions: Sums, deliveries: Sums) -> PeriodFigures:
    """`payments` are by currency and decision, `declines` by gateway and code, `conversions` by currency and match."""
    codes = [(gateway, code, each["failed"]) for (gateway, code), each in declines.items() if code and each["failed"]]
    codes.sort(key=lambda found: (-found[2], found))
    return PeriodFigures(
        starts_at=span.start,
        ends_at=span.end,
        sales=_money(payments, "succeeded", "succeeded_minor"),
        refunded=_money(payments, "refunded", "refunded_minor"),
        chargebacks=_money(payments, "chargebacks", "chargeback_minor"),
        attempts=total(payments, "payments"),
        success_rate=success_rate(payments),
        declines=[
            DeclineCount(gateway=gateway, code=code, payments=number) for gateway, code, number in codes[:MOST_FREQUENT]
        ],
        decisions=_decided(payments),
        fraud_stopped=_stopped(payments),
        reached=_reached(conversions, deliveries),
        match=_match(conversions),
    )


def _money(payments: Sums, count: str, *amounts: str) -> CountedMoney:
    return CountedMoney(payments=total(payments, count), amounts=_amounts(payments, *amounts))


def _amounts(sums: Sums, *measures: str) -> list[CurrencyAmount]:
    """Return the sums of measures by currency, the first of the key."""
    by_currency: dict[str, int] = {}
    for (currency, *_), each in sums.items():
        by_currency[currency] = by_currency.get(currency, 0) + sum(each[name] for name in measures)
    ordered = sorted(by_currency.items(), key=lambda item: (-item[1], item[0]))
    return [CurrencyAmount(currency=currency, minor=minor) for currency, minor in ordered if minor]


def _decided(payments: Sums) -> Decided:
    by_decision: dict[str, int] = {}
    for (_, decision), each in payments.items():
        by_decision[decision] = by_decision.get(decision, 0) + each["payments"]
    return Decided(
        **{decision.value: by_decision.get(decision, 0) for decision in Decision},
        undecided=by_decision.get("", 0),
        degraded=total(payments, "degraded"),
    )


def _stopped(payments: Sums) -> StoppedFraud:
    ways = {name.removeprefix("stopped_"): _money(payments, name, f"{name}_minor") for name in STOPPED}
    number = total(payments, *STOPPED)
    return StoppedFraud(
        total=CountedMoney(payments=number, amounts=_amounts(payments, *STOPPED_MINOR)),
        share=ratio(number, total(payments, "payments")),
        false_alarms=total(payments, "false_alarms"),
        **ways,
    )


def _reached(conversions: Sums, deliveries: Sums) -> Reached:
    times = latencies(deliveries)
    return Reached(
        due=due(conversions),
        dispatched=total(conversions, "dispatched"),
        pending=total(conversions, "pending"),
        failed=total(conversions, "failed"),
        suppressed=total(conversions, "suppressed"),
        rate=reach_rate(conversions),
        amounts=_amounts(conversions, "dispatched_minor"),
        p50_ms=percentile(times, 0.5),
        p95_ms=percentile(times, 0.95),
        p99_ms=percentile(times, 0.99),
    )


def _match(conversions: Sums) -> MatchRate:
    by_method: dict[str, int] = {}
    for key, each in conversions.items():
        by_method[key[1]] = by_method.get(key[1], 0) + due({key: each})
    number = sum(by_method.values())
    ordered = sorted(by_method.items(), key=lambda item: (-item[1], item[0]))
    return MatchRate(
        rate=ratio(number - by_method.get(NO_MATCH, 0), number),
        by_method=[MatchedBy(method=method, conversions=count) for method, count in ordered if count],
    )
