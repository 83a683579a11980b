"""From sums of decided payments to precision, recall and false-positive rate."""

from datetime import datetime, timedelta

from orylo_api.quality.models import Quality, QualityAmounts, QualityWeek
from orylo_api.timeseries.metrics import ratio, total
from orylo_api.timeseries.periods import Span
from orylo_api.timeseries.queries import Sums
from orylo_common.messages import Decision

# Visa and Mastercard accept a dispute of fraud within 120 days of the payment.
DISPUTED_WITHIN = timedelta(days=120)


def quality_of(span: Span, payments: Sums, now: datetime) -> QualityWeek:
    """Measure a week or a period, from the sums of its paid payments by currency and decision."""
    all_payments, all_frauds = total(payments, "succeeded"), total(payments, "frauds")
    blocked = {key: each for key, each in payments.items() if key[1] == Decision.BLOCK}
    flagged = {key: each for key, each in payments.items() if key[1] in (Decision.BLOCK, Decision.REVIEW)}
    return QualityWeek(
        starts_at=span.start,
        ends_at=span.end,
        settled=span.end + DISPUTED_WITHIN <= now,
        payments=all_payments,
        frauds=all_frauds,
        judged=total(payments, "judged"),
        blocked=_quality(blocked, all_payments, all_frauds),
        flagged=_quality(flagged, all_payments, all_frauds),
        amounts=_amounts(payments),
    )


def _quality(decided: Sums, all_payments: int, all_frauds: int) -> Quality:
    payments, frauds = total(decided, "succeeded"), total(decided, "frauds")
    return Quality(
        payments=payments,
        frauds=frauds,
        precision=ratio(frauds, payments),
        recall=ratio(frauds, all_frauds),
        false_positive_rate=ratio(payments - frauds, all_payments - all_frauds),
    )


def _amounts(payments: Sums) -> list[QualityAmounts]:
    found: dict[str, dict[str, int]] = {}
    for (currency, decision), each in payments.items():
        of_currency = found.setdefault(
            currency, dict.fromkeys(("stopped_minor", "lost_minor", "wrongly_blocked_minor"), 0)
        )
        if decision == Decision.BLOCK:
            of_currency["stopped_minor"] += each["fraud_minor"]
            of_currency["wrongly_blocked_minor"] += each["succeeded_minor"] - each["fraud_minor"]
        else:
            of_currency["lost_minor"] += each["fraud_minor"]
    return [QualityAmounts(currency=currency, **each) for currency, each in sorted(found.items()) if any(each.values())]
