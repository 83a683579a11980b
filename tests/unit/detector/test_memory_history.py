"""A backtest's history in memory forgets the fortnights that the detector's tables no longer count."""

from datetime import timedelta
from typing import Any

from orylo_common.messages import DisputeOpened, PaymentSucceeded
from orylo_detector.adapters.memory_history import MemoryHistory
from orylo_detector.domain.entities import FORTNIGHT, REMEMBERED, fortnight_of, rate_of
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


async def test_rates_that_are_kept_for_a_day_are_those_of_all_counts() -> None:
    history, sold = (
        MemoryHistory(),
        [sale(number, occurred_at=NOW + number * timedelta(days=2)) for number in range(30)],
    )
    for number, each in enumerate(sold):
        history.learn_payment(each, None)
        if number % 3 == 2:
            # An earlier payment turns out to be fraud after the day's rate was read.
            history.learn_dispute(dispute(sold[number // 2]), sold[number // 2])
        for at in (each.occurred_at, each.occurred_at + timedelta(days=1)):
            [read] = await history.read([sale(0, occurred_at=at)])
            assert read.entities is not None
            counts: dict[int, list[int]] = {}
            for paid in sold[: number + 1]:
                of_fortnight = counts.setdefault(fortnight_of(paid.occurred_at), [0, 0])
                of_fortnight[0] += 1
                of_fortnight[1] += paid in {sold[other // 2] for other in range(2, number + 1, 3)}
            expected = rate_of([(fortnight, sales, frauds) for fortnight, (sales, frauds) in counts.items()], at, 14)
            assert read.entities["product"].rate(at, 14) == expected
