"""When the fuse trips: far above the usual share, and only with enough payments."""

import pytest

from orylo_common.control.models import BlockRate
from orylo_common.control.sections.fuse import FusePolicy
from orylo_detector.domain.fuse import BlockCount, excess_rate

POLICY = FusePolicy()
USUAL = BlockCount(10_000, 200)


@pytest.mark.parametrize(
    ("window", "history", "limit"),
    [
        # Usual 2 %: the limit is 10 %.
        (BlockCount(200, 21), USUAL, 0.1),
        # Usual 0.1 %: at least 5 %.
        (BlockCount(300, 20), BlockCount(10_000, 10), 0.05),
        (BlockCount(50, 50), BlockCount(10_000, 0), 0.05),
        # A new shop.
        (BlockCount(60, 20), BlockCount(499, 0), 0.3),
    ],
)
def test_it_trips_above_the_limit(window: BlockCount, history: BlockCount, limit: float) -> None:
    rate = excess_rate(window, history, POLICY)

    usual = None if history.payments < 500 else history.rate
    assert rate == BlockRate(window.payments, window.blocked, usual, pytest.approx(limit))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("window", "history"),
    [
        (BlockCount(200, 20), USUAL),
        (BlockCount(300, 15), BlockCount(10_000, 0)),
        # Too few payments, too few blocked ones.
        (BlockCount(49, 49), USUAL),
        (BlockCount(100, 19), BlockCount(10_000, 0)),
        # A tenant that blocks a quarter of its payments as usual.
        (BlockCount(200, 120), BlockCount(10_000, 2_500)),
        (BlockCount(100, 30), BlockCount(0, 0)),
        (BlockCount(0, 0), BlockCount(0, 0)),
    ],
)
def test_it_holds_at_the_limit_and_with_few_payments(window: BlockCount, history: BlockCount) -> None:
    assert excess_rate(window, history, POLICY) is None


def test_the_policy_is_the_tenants() -> None:
    window = BlockCount(200, 100)

    assert excess_rate(window, USUAL, FusePolicy(enabled=False)) is None
    assert excess_rate(window, USUAL, FusePolicy(min_payments=201)) is None
    assert excess_rate(window, USUAL, FusePolicy(times_usual=30)) is None
    assert excess_rate(BlockCount(3, 2), USUAL, FusePolicy(min_payments=3, min_blocked=2)) is not None
