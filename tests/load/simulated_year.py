"""Measure the default settings on a simulated year of a shop, and on one without fraud.

    python -m tests.load.simulated_year [--seed 2026] [--svg curve.svg]

The second half of the year is measured, the first warms up the history. The defaults were chosen with the seeds 1 to 3.
"""

import argparse
import asyncio
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from orylo_cli.simulate.history import START, YEAR_DAYS, simulated_history
from orylo_cli.simulate.history_row import COLUMNS
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision
from orylo_detector.backtest.labelled_payment import replay_order
from orylo_detector.backtest.replay import Replay, Variant
from orylo_detector.backtest.risk_counts import RiskCounts
from orylo_detector.backtest.rows import labelled_payment
from tests.load.curves import write_roc_curves

TEST_FROM = START + timedelta(days=YEAR_DAYS // 2)
HONEST = "honest"

# By scenario and decision.
Decided = Counter[tuple[str, Decision]]


async def measure(seed: int, *, with_fraud: bool) -> tuple[Decided, RiskCounts]:
    """Replay a year. Return the decisions and the risks of its second half."""
    rows = simulated_history(seed, with_fraud=with_fraud)
    scenarios = {row.payment_id: row.scenario or HONEST for row in rows}
    payments = [labelled_payment(dict(zip(COLUMNS, row.values(), strict=True))) for row in rows]
    replay = Replay([Variant("defaults", DetectionPolicy())])
    decided, risks = Decided(), RiskCounts()
    for payment in sorted(payments, key=replay_order):
        [verdict] = await replay.decide(payment)
        if payment.occurred_at >= TEST_FROM:
            decided[scenarios[payment.payment_id], verdict.decision] += 1
            risks.add(verdict.risk_score, is_fraud=payment.is_fraud)
    return decided, risks


def print_table(decided: Decided) -> None:
    scenarios = sorted({scenario for scenario, _ in decided})
    sys.stdout.write(f"{'':<22}{'attempts':>10}{'block':>10}{'review':>10}{'allow':>10}{'stopped':>10}\n")
    for scenario in scenarios:
        counts = [decided[scenario, each] for each in (Decision.BLOCK, Decision.REVIEW, Decision.ALLOW)]
        stopped = f"{100 * (counts[0] + counts[1]) / sum(counts):.2f} %"
        figures = "".join(f"{count:>10,}" for count in (sum(counts), *counts))
        sys.stdout.write(f"{scenario:<22}{figures}{stopped:>10}\n")


def print_year(seed: int, decided: Decided, risks: RiskCounts) -> None:
    sys.stdout.write(f"A year of seed {seed}. Stopped: blocked or reviewed.\n")
    print_table(decided)
    sys.stdout.write(f"ROC AUC {risks.roc_auc() or 0:.3f}, average precision {risks.average_precision() or 0:.3f}\n")
    for threshold in (30, 40, 50, 60, 70, 80):
        rates = risks.rates()[threshold]
        sys.stdout.write(
            f"threshold {threshold}: detection {100 * (rates.detection_rate or 0):.1f} % (goal 85 at 50), "
            f"false positives {100 * (rates.false_positive_rate or 0):.2f} % (goal below 5 at 50)\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--svg", type=Path, help="where to write the curve")
    arguments = parser.parse_args()
    decided, risks = asyncio.run(measure(arguments.seed, with_fraud=True))
    print_year(arguments.seed, decided, risks)
    if arguments.svg:
        write_roc_curves(arguments.svg, "Second half of a simulated year", {f"seed {arguments.seed}": risks})
    decided, _ = asyncio.run(measure(arguments.seed, with_fraud=False))
    blocked = decided[HONEST, Decision.BLOCK] / decided.total()
    sys.stdout.write(f"\nA year without fraud: {100 * blocked:.3f} % blocked (goal below 0.2)\n")
    print_table(decided)


if __name__ == "__main__":
    main()
