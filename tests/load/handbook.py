"""Measure the default settings by the protocol of the Fraud Detection Handbook, on its simulated payments.

    git clone --depth 1 https://github.com/Fraud-Detection-Handbook/simulated-data-raw
    python -m tests.load.handbook simulated-data-raw/data [--svg curve.svg] [--development]

The handbook's test weeks begin on 2018-08-08, -15, -22 and -29. `--development` measures four weeks before 2018-08-01
instead, on which alone the defaults may be tuned. Payments from 2018-09-05 on are not read.

As in the handbook (chapter 3, get_train_test_set; chapter 4, card_precision_top_k):

- A label becomes known seven days after its payment.
- A test week leaves out the payments of customers with a fraud in the seven days before the delay, or in the part of
  the delay that has ended by the payment's day.
- Card precision@100 is the share of customers with a fraud among the 100 with the highest risk of each day. Customers
  that it finds on one day are left out on the next ones of the week. The result is the mean over the days.

The rules have no training. Their history begins on 2018-04-01, as do the handbook's features.
"""

import argparse
import asyncio
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Any

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.backtest.labelled_payment import LabelledPayment
from orylo_detector.backtest.replay import FEEDBACK_DELAY, Replay, Variant
from orylo_detector.backtest.risk_counts import RiskCounts
from tests.load.curves import write_roc_curves

TEST_WEEKS = tuple(date(2018, 8, 8) + timedelta(days=7 * week) for week in range(4))
DEVELOPMENT_WEEKS = tuple(date(2018, 7, 4) + timedelta(days=7 * week) for week in range(4))
WEEK, DAY = timedelta(days=7), timedelta(days=1)
INSPECTED = 100
GOALS = {"ROC AUC": 0.83, "average precision": 0.25, "card precision@100": 0.25}


@dataclass(frozen=True, slots=True)
class Scored:
    payment: LabelledPayment
    risk: int


class PandasFrame(pickle.Unpickler):
    """Unpickles a frame of pandas without pandas. Loads no class but those of numpy's arrays."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("pandas."):
            return _index_values if name == "_new_Index" else _Part
        if module.startswith("numpy") and name in ("_reconstruct", "ndarray", "dtype", "_frombuffer", "scalar"):
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        if (module, name) == ("builtins", "slice"):
            return slice
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a frame of payments")


class _Part:
    """A part of a frame, of which only the state matters."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _index_values(_: Any, values: dict[str, Any]) -> Any:
    return values["data"]


def read_day(file: Path) -> Iterator[LabelledPayment]:
    """Yield the payments of one day file, which is a pickled frame."""
    with file.open("rb") as pickled:
        frame = PandasFrame(pickled).load()
    blocks = frame.state["_data"].state[3]["0.14.1"]
    names, columns = blocks["axes"][0], {}
    for block in blocks["blocks"]:
        places = block["mgr_locs"]
        indices = range(len(names))[places] if isinstance(places, slice) else places
        columns.update({names[index]: values.tolist() for index, values in zip(indices, block["values"], strict=True)})
    wanted = ("TX_DATETIME", "TRANSACTION_ID", "CUSTOMER_ID", "TX_AMOUNT", "TERMINAL_ID", "TX_FRAUD")
    for at_ns, number, customer, amount, terminal, fraud in zip(*(columns[name] for name in wanted), strict=True):
        yield LabelledPayment(
            occurred_at=datetime.fromtimestamp(at_ns // 1_000_000_000, UTC),
            payment_id=str(number),
            customer_id=str(customer),
            amount_minor=round(amount * 100),
            currency="EUR",
            is_fraud=bool(fraud),
            terminal_id=str(terminal),
        )


def read_days(folder: Path, end: date) -> Iterator[LabelledPayment]:
    """Yield the payments before `end`, in the order of their times."""
    files = sorted(file for file in folder.glob("*.pkl") if date.fromisoformat(file.stem) < end)
    if not files:
        raise SystemExit(f"{folder} has no files such as 2018-04-01.pkl")
    for file in files:
        yield from sorted(read_day(file), key=lambda payment: payment.occurred_at)


async def score(payments: Iterator[LabelledPayment], since: date) -> list[Scored]:
    """Replay the payments, and return the risks of those from the day `since` on."""
    replay = Replay([Variant("defaults", DetectionPolicy())], feedback_delay=FEEDBACK_DELAY)
    scored, replayed = [], 0
    started = time.process_time()
    for payment in payments:
        [verdict] = await replay.decide(payment)
        replayed += 1
        if payment.occurred_at.date() >= since:
            scored.append(Scored(payment, verdict.risk_score))
    seconds = time.process_time() - started
    sys.stdout.write(f"{replayed:,} payments, {replayed / seconds:,.0f}/s of CPU time with reading\n")
    return scored


def measured_payments(scored: Sequence[Scored], week: date) -> list[Scored]:
    """Return the payments of a test week without those of customers known as defrauded on their day."""
    known: dict[date, set[str]] = {}
    training = week - 2 * WEEK
    for day in (week + number * DAY for number in range(7)):
        known[day] = {
            str(each.payment.customer_id)
            for each in scored
            if each.payment.is_fraud and training <= each.payment.occurred_at.date() < day - WEEK
        }
    return [
        each
        for each in scored
        if (day := each.payment.occurred_at.date()) in known and each.payment.customer_id not in known[day]
    ]


def card_precision(tested: Sequence[Scored], *, by_amount: bool = True) -> float:
    """Return the mean of the days. Among equal risks, higher amounts come first, or else the order says nothing."""
    by_day: dict[date, dict[str, tuple[int, int, bool]]] = {}
    for each in tested:
        customers = by_day.setdefault(each.payment.occurred_at.date(), {})
        customer = str(each.payment.customer_id)
        risk, amount, is_fraud = customers.get(customer, (-1, 0, False))
        highest = max((risk, amount), (each.risk, each.payment.amount_minor))
        customers[customer] = (*highest, is_fraud or each.payment.is_fraud)
    found: set[str] = set()
    precisions = []
    for _, customers in sorted(by_day.items()):
        remaining = [(customer, *values) for customer, values in customers.items() if customer not in found]
        inspected = sorted(remaining, key=lambda each: (-each[1], -each[2] * by_amount, _shuffled(each[0])))[:INSPECTED]
        hits = {customer for customer, *_, is_fraud in inspected if is_fraud}
        found |= hits
        precisions.append(len(hits) / INSPECTED)
    return fmean(precisions)


def _shuffled(customer: str) -> bytes:
    return sha256(customer.encode()).digest()


def counts_of(tested: Sequence[Scored]) -> RiskCounts:
    counts = RiskCounts()
    for each in tested:
        counts.add(each.risk, is_fraud=each.payment.is_fraud)
    return counts


def print_results(weeks: dict[date, list[Scored]]) -> None:
    rows = []
    for week, tested in weeks.items():
        counts = counts_of(tested)
        rows.append((counts.roc_auc() or 0.0, counts.average_precision() or 0.0, card_precision(tested)))
        frauds = sum(counts.frauds)
        figures = "  ".join(f"{value:>18.3f}" for value in rows[-1])
        sys.stdout.write(f"{week}  {len(tested):>8,} payments {frauds:>5,} frauds  {figures}\n")
    means = [fmean(column) for column in zip(*rows, strict=True)]
    sys.stdout.write(f"{'mean':<37}  {'  '.join(f'{value:>18.3f}' for value in means)}\n")
    sys.stdout.write(f"{'goal':<37}  {'  '.join(f'{value:>18.3f}' for value in GOALS.values())}\n")
    unranked = fmean(card_precision(tested, by_amount=False) for tested in weeks.values())
    sys.stdout.write(f"{'mean, equal risks in no order':<37}  {unranked:>58.3f}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="the folder with the day files")
    parser.add_argument("--svg", type=Path, help="where to write the curves")
    parser.add_argument("--development", action="store_true", help="measure weeks before 2018-08-01")
    arguments = parser.parse_args()
    first_days = DEVELOPMENT_WEEKS if arguments.development else TEST_WEEKS
    payments = read_days(arguments.folder, first_days[-1] + WEEK)
    scored = asyncio.run(score(payments, first_days[0] - 2 * WEEK))
    weeks = {week: measured_payments(scored, week) for week in first_days}
    sys.stdout.write(f"{'':<37}  {'  '.join(f'{name:>18}' for name in GOALS)}\n")
    print_results(weeks)
    if arguments.svg:
        curves = {f"week from {week}": counts_of(tested) for week, tested in weeks.items()}
        write_roc_curves(arguments.svg, "The handbook's test weeks", curves)


if __name__ == "__main__":
    main()
