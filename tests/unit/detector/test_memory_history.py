"""A backtest's history in memory forgets the fortnights that the detector's tables no longer count."""

from typing import Any

from orylo_common.messages import DisputeOpened, PaymentSucceeded
from orylo_detector.adapters.memory_history import MemoryHistory
from orylo_detector.domain.entities import FORTNIGHT, REMEMBERED
from tests.unit.detector.cases import NOW, payment

LATER = NOW + REMEMBERED * FORTNIGHT


def sale(number: int, **changes: Any) -> PaymentSucceeded:
    sold: PaymentSucceeded = payment(
        PaymentSucceeded, **{"payment_id": f"stripe:pi_{number}", "products": [{"product_id": "course"}], **changes}
    )
    return sold


def dispute(of: PaymentSucceeded) -> DisputeOpened:
    return payment(DisputeOpened, payment_id=of.payment_id, dispute_id=f"dp_{of.payment_id}", occurred_at=LATER)


async def counts(history: MemoryHistory) -> tuple[int, int]:
    """Return the payments and the frauds of the product, as of `LATER`."""
    [read] = await history.read([sale(0, occurred_at=LATER)])
    assert read.entities is not None
    rate = read.entities["product"].rate(LATER, 90)
    assert rate.frauds == read.entities["product"].frauds
    return rate.payments, rate.frauds


async def test_frauds_are_forgotten_with_their_fortnight() -> None:
    history, old, new = MemoryHistory(), sale(1, occurred_at=NOW), sale(2, occurred_at=LATER)
    history.learn_payment(old, None)
    history.learn_dispute(dispute(old), old)
    assert await counts(history) == (1, 1)

    history.learn_payment(new, None)
    assert await counts(history) == (1, 0)


async def test_late_feedback_counts_until_its_fortnight_is_forgotten() -> None:
    history = MemoryHistory()
    forgotten, remembered, new = (
        sale(1, occurred_at=NOW),
        sale(2, occurred_at=NOW + FORTNIGHT),
        sale(3, occurred_at=LATER),
    )
    for each in (forgotten, remembered, new):
        history.learn_payment(each, None)

    history.learn_dispute(dispute(forgotten), forgotten)
    assert await counts(history) == (2, 0)
    history.learn_dispute(dispute(remembered), remembered)
    assert await counts(history) == (2, 1)
