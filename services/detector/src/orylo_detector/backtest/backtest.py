"""Replays the payments of a period and measures the decisions."""

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orylo_common.messages import Decision
from orylo_detector.adapters.memory_lists import MemoryLists
from orylo_detector.backtest.contributions import Contributions
from orylo_detector.backtest.daily_ranking import DailyRanking
from orylo_detector.backtest.examples import Examples
from orylo_detector.backtest.labelled_payment import LabelledPayment
from orylo_detector.backtest.period import Period
from orylo_detector.backtest.replay import NO_LISTS, Replay, Variant
from orylo_detector.backtest.risk_counts import RiskCounts
from orylo_detector.domain.verdict import Verdict

# Payments between two reports of progress, at which Ctrl-C is also noticed.
REPORT_EVERY = 1_000


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector, which would visit all payments of the file. A replay makes no reference cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@dataclass(slots=True)
class Measures:
    """The measures of one variant."""

    variant: Variant
    risks: RiskCounts = field(default_factory=RiskCounts)
    ranking: DailyRanking = field(default_factory=DailyRanking)
    contributions: Contributions = field(init=False)
    # By decision and label: payments, and their amounts in minor units by currency.
    decisions: Counter[tuple[Decision, bool]] = field(default_factory=Counter)
    money: Counter[tuple[Decision, bool, str]] = field(default_factory=Counter)
    degraded: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.contributions = Contributions(self.variant.policy.review_at)

    def add(self, payment: LabelledPayment, verdict: Verdict) -> None:
        risk, is_fraud = verdict.risk_score, payment.is_fraud
        self.risks.add(risk, is_fraud=is_fraud)
        self.decisions[verdict.decision, is_fraud] += 1
        self.money[verdict.decision, is_fraud, payment.currency] += payment.amount_minor
        if verdict.points:
            self.contributions.add(risk, verdict.points, is_fraud=is_fraud)
        if verdict.rules:
            self.contributions.add_rules(verdict.decision, verdict.rules, is_fraud=is_fraud)
        if verdict.basis.listed:
            self.contributions.add_list(verdict, verdict.basis.listed.source, is_fraud=is_fraud)
        if verdict.degraded:
            self.degraded.update(verdict.degraded)


class Backtest:
    """One run. Its measures are usable at any time, also after an interruption."""

    def __init__(
        self,
        variants: Sequence[Variant],
        period: Period,
        *,
        feedback_delay: timedelta,
        lists: MemoryLists = NO_LISTS,
    ) -> None:
        self.period = period
        self.list_entries = len(lists)
        self.feedback_delay = feedback_delay
        self.measures = [Measures(variant) for variant in variants]
        self.examples = Examples()
        self.replayed = 0
        self.measured = 0
        # The time of the last payment that was replayed.
        self.until: datetime | None = None
        self._replay = Replay(variants, lists=lists, feedback_delay=feedback_delay)

    async def run(self, payments: Sequence[LabelledPayment], progress: Callable[[int], None] = lambda _: None) -> None:
        """Replay payments, which must be in the order of their times.

        `progress` is called with the number of payments that are done. The task can be cancelled between payments.
        """
        with _collector_paused():
            for number, payment in enumerate(payments):
                if number % REPORT_EVERY == 0:
                    progress(number)
                    await asyncio.sleep(0)
                if payment.occurred_at >= self.period.test_to:
                    break
                if payment.occurred_at >= self.period.warmup_from:
                    await self._decide(payment)
        progress(len(payments))

    async def _decide(self, payment: LabelledPayment) -> None:
        verdicts = await self._replay.decide(payment)
        self.replayed += 1
        self.until = payment.occurred_at
        if payment.occurred_at < self.period.test_from:
            return
        self.measured += 1
        for measures, verdict in zip(self.measures, verdicts, strict=True):
            measures.add(payment, verdict)
            measures.ranking.add(payment, verdict.risk_score, self._replay.compromised)
        self.examples.add(payment, verdicts)
