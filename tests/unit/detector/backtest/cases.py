"""Builders of labelled payments and files of them."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.backtest.backtest import Backtest
from orylo_detector.backtest.labelled_payment import LabelledPayment
from orylo_detector.backtest.period import Period
from orylo_detector.backtest.replay import Variant
from tests.unit.detector.cases import NOW

HEADER = "occurred_at,payment_id,customer_id,amount,currency,is_fraud"
CURRENT = Variant("current", DetectionPolicy())
_numbers = count(1)


def labelled(after: timedelta = timedelta(), **changes: Any) -> LabelledPayment:
    """Build a payment that occurs some time after `NOW`."""
    values: dict[str, Any] = {
        "payment_id": f"payment{next(_numbers)}",
        "customer_id": "ana",
        "amount_minor": 10_000,
        "currency": "BRL",
        "is_fraud": False,
        **changes,
    }
    return LabelledPayment(occurred_at=NOW + after, **values)


def shop(payments: int, *, seed: int = 1) -> list[LabelledPayment]:
    """Build payments of a small shop, one every ten minutes, of which one in fifty is a fraud of a higher amount."""
    random = Random(seed)
    made = []
    for number in range(payments):
        is_fraud = random.random() < 0.02
        made.append(
            labelled(
                timedelta(minutes=10 * number),
                payment_id=f"payment{number:06}",
                customer_id=f"customer{random.randrange(200)}",
                amount_minor=random.randrange(2_000, 9_000) * (8 if is_fraud else 1),
                is_fraud=is_fraud,
                product_id=f"product{random.randrange(5)}",
            )
        )
    return made


def whole(payments: Sequence[LabelledPayment]) -> Period:
    """Return the period of all payments, which measures each of them."""
    return Period(payments[0].occurred_at, payments[0].occurred_at, payments[-1].occurred_at + timedelta(seconds=1))


def backtest(
    payments: Sequence[LabelledPayment], *variants: Variant, feedback_delay: timedelta = timedelta(days=7)
) -> Backtest:
    return Backtest(variants or [CURRENT], whole(payments), feedback_delay=feedback_delay)


def write_csv(file: Path, payments: Sequence[LabelledPayment]) -> Path:
    rows = [
        f"{each.occurred_at.isoformat()},{each.payment_id},{each.customer_id},{each.amount_minor / 100:.2f},"
        f"{each.currency},{int(each.is_fraud)}"
        for each in payments
    ]
    file.write_text("\n".join([HEADER, *rows]) + "\n")
    return file
