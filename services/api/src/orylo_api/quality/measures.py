"""From counts of decided payments to precision, recall and false-positive rate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orylo_api.quality.models import Quality, QualityAmounts, QualityWeek
from orylo_common.fraud_evidence import Sign, is_fraud
from orylo_common.messages import Decision

# Visa and Mastercard accept a dispute of fraud within 120 days of the payment.
DISPUTED_WITHIN = timedelta(days=120)
VERDICTS = (Sign.JUDGED_FRAUD, Sign.JUDGED_LEGITIMATE)


@dataclass(frozen=True, slots=True)
class Case:
    """Payments of one week that were flagged or have evidence, with the same decision, currency and signs."""

    week: datetime
    decision: Decision
    currency: str
    signs: Sequence[str]
    payments: int
    amount_minor: int

    @property
    def is_fraud(self) -> bool:
        return is_fraud(self.signs)


def week_of(starts_at: datetime, payments: int, cases: Sequence[Case], now: datetime) -> QualityWeek:
    """Measure a week. `payments` is the number of all its paid payments; those that are in no case are legitimate."""
    frauds = sum(case.payments for case in cases if case.is_fraud)
    blocked = [case for case in cases if case.decision is Decision.BLOCK]
    flagged = [case for case in cases if case.decision is not Decision.ALLOW]
    # A count may lag behind the cases for a moment, or its payments may have left the retention.
    payments = max(payments, sum(case.payments for case in cases))
    return QualityWeek(
        starts_at=starts_at,
        settled=starts_at + timedelta(days=7) + DISPUTED_WITHIN <= now,
        payments=payments,
        frauds=frauds,
        judged=sum(case.payments for case in cases if any(verdict in case.signs for verdict in VERDICTS)),
        blocked=_quality(blocked, payments, frauds),
        flagged=_quality(flagged, payments, frauds),
        amounts=_amounts(cases),
    )


def _quality(decided: Iterable[Case], all_payments: int, all_frauds: int) -> Quality:
    payments = frauds = 0
    for case in decided:
        payments += case.payments
        frauds += case.payments if case.is_fraud else 0
    return Quality(
        payments=payments,
        frauds=frauds,
        precision=_ratio(frauds, payments),
        recall=_ratio(frauds, all_frauds),
        false_positive_rate=_ratio(payments - frauds, all_payments - all_frauds),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _amounts(cases: Iterable[Case]) -> list[QualityAmounts]:
    sums: dict[str, dict[str, int]] = {}
    for case in cases:
        blocked = case.decision is Decision.BLOCK
        if not (blocked or case.is_fraud):
            continue
        name = "lost_minor" if not blocked else "stopped_minor" if case.is_fraud else "wrongly_blocked_minor"
        of_currency = sums.setdefault(
            case.currency, dict.fromkeys(("stopped_minor", "lost_minor", "wrongly_blocked_minor"), 0)
        )
        of_currency[name] += case.amount_minor
    return [QualityAmounts(currency=currency, **each) for currency, each in sorted(sums.items())]
