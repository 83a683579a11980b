"""The period that a backtest replays, and the part of it that is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orylo_detector.backtest.labelled_payment import LabelledPayment

# Part of the period that only warms up the history, unless the start of the test is given.
WARMUP_SHARE = 1 / 3


class InvalidPeriod(Exception):
    """The times are not in their order. The text names them."""


@dataclass(frozen=True, slots=True)
class Period:
    """Payments before `warmup_from` are left out. Those from `test_from` on, and before `test_to`, are measured."""

    warmup_from: datetime
    test_from: datetime
    test_to: datetime


def period_of(
    payments: Sequence[LabelledPayment],
    *,
    warmup_from: datetime | None,
    test_from: datetime | None,
    test_to: datetime | None,
) -> Period:
    """Return the period with the times that are given, else that of all payments. Raises `InvalidPeriod`."""
    end = test_to or payments[-1].occurred_at + timedelta(microseconds=1)
    start = warmup_from or payments[0].occurred_at
    if test_from is None:
        test_from = start + WARMUP_SHARE * (end - start)
    if not start <= test_from < end:
        raise InvalidPeriod(
            f"the warm-up starts at {start.isoformat()}, the test at {test_from.isoformat()}, and it ends at "
            f"{end.isoformat()}: they must be in this order"
        )
    return Period(start, test_from, end)
