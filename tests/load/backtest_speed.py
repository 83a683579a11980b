"""Measure how many payments per second of CPU time a backtest replays, after they are loaded.

    python -m tests.load.backtest_speed [--days 90]

One process, one variant, the default settings without custom rules; a simulated shop with product, affiliate, address,
card and countries. Counts features, decisions, learning and measures.
"""

import argparse
import asyncio
import sys
import time
from datetime import timedelta

from orylo_cli.simulate.history import START, simulated_history
from orylo_cli.simulate.history_row import COLUMNS
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.backtest.backtest import Backtest
from orylo_detector.backtest.labelled_payment import replay_order
from orylo_detector.backtest.period import Period
from orylo_detector.backtest.replay import FEEDBACK_DELAY, Variant
from orylo_detector.backtest.rows import labelled_payment

GOAL_PER_SECOND = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--days", type=int, default=90)
    days = parser.parse_args().days
    rows = simulated_history(1, days=days)
    payments = sorted(
        (labelled_payment(dict(zip(COLUMNS, row.values(), strict=True))) for row in rows), key=replay_order
    )
    period = Period(START - timedelta(days=1), START + timedelta(days=days // 3), START + timedelta(days=days + 1))
    run = Backtest([Variant("defaults", DetectionPolicy())], period, feedback_delay=FEEDBACK_DELAY)
    started = time.process_time()
    asyncio.run(run.run(payments))
    rate = run.replayed / (time.process_time() - started)
    sys.stdout.write(
        f"backtest: {rate:,.0f} payments/s of CPU time, "
        f"{rate / GOAL_PER_SECOND:.2f} of the goal of {GOAL_PER_SECOND:,}\n"
    )


if __name__ == "__main__":
    main()
