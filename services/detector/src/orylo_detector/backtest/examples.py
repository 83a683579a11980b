"""Keeps a few payments of each kind as examples, those with the highest amounts."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from orylo_common.messages import Decision
from orylo_detector.backtest.labelled_payment import LabelledPayment
from orylo_detector.domain.verdict import Verdict

KEPT = 10
SEVERITY = {Decision.ALLOW: 0, Decision.REVIEW: 1, Decision.BLOCK: 2}

# Titles of mistakes, and of changes from the first variant to the second.
MISSED_FRAUD, BLOCKED_HONEST = "Frauds that were allowed", "Honest payments that were blocked"
STRICTER_FRAUD, MILDER_FRAUD = "Frauds that get a stricter decision", "Frauds that get a milder decision"
STRICTER_HONEST, MILDER_HONEST = (
    "Honest payments that get a stricter decision",
    "Honest payments that get a milder decision",
)
CHANGES = (STRICTER_FRAUD, MILDER_FRAUD, STRICTER_HONEST, MILDER_HONEST)


@dataclass(frozen=True, slots=True)
class Example:
    payment: LabelledPayment
    verdicts: Sequence[Verdict]


@dataclass(slots=True)
class _Kind:
    count: int = 0
    kept: list[tuple[int, str, Example]] = field(default_factory=list)


class Examples:
    """Counts the mistakes of the first variant and the changes to the second. Keeps those of the highest amounts."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def add(self, payment: LabelledPayment, verdicts: Sequence[Verdict]) -> None:
        current = verdicts[0].decision
        if payment.is_fraud and current is Decision.ALLOW:
            self._keep(MISSED_FRAUD, payment, verdicts)
        elif not payment.is_fraud and current is Decision.BLOCK:
            self._keep(BLOCKED_HONEST, payment, verdicts)
        if len(verdicts) > 1 and verdicts[1].decision is not current:
            is_stricter = SEVERITY[verdicts[1].decision] > SEVERITY[current]
            if payment.is_fraud:
                self._keep(STRICTER_FRAUD if is_stricter else MILDER_FRAUD, payment, verdicts)
            else:
                self._keep(STRICTER_HONEST if is_stricter else MILDER_HONEST, payment, verdicts)

    def count(self, kind: str) -> int:
        return self._kinds[kind].count if kind in self._kinds else 0

    def kept(self, kind: str) -> list[Example]:
        """Return the examples of a kind, those with the highest amounts first."""
        if kind not in self._kinds:
            return []
        return [example for *_, example in sorted(self._kinds[kind].kept, key=lambda each: (-each[0], each[1]))]

    def _keep(self, title: str, payment: LabelledPayment, verdicts: Sequence[Verdict]) -> None:
        kind = self._kinds.setdefault(title, _Kind())
        kind.count += 1
        if len(kind.kept) < KEPT or payment.amount_minor > kind.kept[0][0]:
            entry = (payment.amount_minor, payment.payment_id, Example(payment, verdicts))
            if len(kind.kept) < KEPT:
                heapq.heappush(kind.kept, entry)
            else:
                heapq.heapreplace(kind.kept, entry)
