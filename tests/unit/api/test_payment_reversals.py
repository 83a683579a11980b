"""The state that refunds and disputes lead to, in any order of reports."""

from collections.abc import Iterable
from itertools import permutations

import pytest

from orylo_api.payments.projection import merge
from orylo_api.payments.reversals import outcome_of
from orylo_api.payments.row import payment_row
from orylo_common.messages import (
    DisputeFact,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentFact,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
)
from tests.unit.api.builders import after, payment

PAID = payment(PaymentSucceeded, occurred_at=after(0))
PRICE = 1250


def refunded(minute: int, minor: int) -> PaymentFact:
    return payment(PaymentRefunded, occurred_at=after(minute), refunded_minor=minor, full=minor == PRICE)


def refund_failed(minute: int, refund_id: str, minor: int) -> PaymentFact:
    return payment(PaymentRefundFailed, occurred_at=after(minute), refund_id=refund_id, amount_minor=minor)


def dispute(kind: type[DisputeFact], minute: int, dispute_id: str = "du_1") -> PaymentFact:
    return payment(kind, occurred_at=after(minute), dispute_id=dispute_id)


def shown(messages: Iterable[PaymentFact]) -> tuple[str, int]:
    first, *rest = map(payment_row, messages)
    for row in rest:
        merge(first, row)
    outcome = outcome_of(first.state, first.updated_at, first.refunded_minor, first.reversals)
    return outcome.state.value, outcome.refunded_minor


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((refunded(1, PRICE), refund_failed(2, "re_1", PRICE)), ("succeeded", 0)),
        ((refunded(1, 400), refund_failed(2, "re_1", 400)), ("succeeded", 0)),
        ((refunded(1, 400), refunded(2, PRICE), refund_failed(3, "re_2", 850)), ("partially_refunded", 400)),
        ((refunded(1, 400), refunded(2, PRICE), refund_failed(3, "re_1", 400)), ("partially_refunded", 850)),
        # Refunded again: the gateway's new total no longer includes the refund that failed.
        ((refunded(1, PRICE), refund_failed(2, "re_1", PRICE), refunded(3, 300)), ("partially_refunded", 300)),
        ((refunded(1, PRICE), refund_failed(2, "re_1", PRICE), refunded(3, PRICE)), ("refunded", PRICE)),
        ((refund_failed(2, "re_1", 400),), ("succeeded", 0)),
    ],
)
def test_a_failed_refund_gives_the_sale_back(messages: tuple[PaymentFact, ...], expected: tuple[str, int]) -> None:
    for order in permutations((PAID, *messages)):
        assert shown(order) == expected
        assert shown((*order, *order)) == expected


@pytest.mark.parametrize(
    ("messages", "state"),
    [
        ([(DisputeOpened, 1, "a"), (DisputeOpened, 2, "b"), (DisputeWon, 3, "b")], "disputed"),
        ([(DisputeOpened, 1, "a"), (DisputeWon, 4, "a"), (DisputeOpened, 2, "b"), (DisputeWon, 3, "b")], "dispute_won"),
        ([(DisputeOpened, 1, "a"), (DisputeLost, 3, "b"), (DisputeWon, 4, "c")], "chargeback"),
        ([(DisputeWon, 1, "a"), (DisputeWon, 2, "b"), (DisputeOpened, 3, "c")], "disputed"),
        ([(DisputeOpened, 1, "a"), (DisputeLost, 2, "a"), (DisputeWon, 3, "a")], "dispute_won"),
        ([(DisputeOpened, 1, "a"), (DisputeWon, 2, "a"), (DisputeLost, 3, "a")], "chargeback"),
        # A late report that it is still open.
        ([(DisputeLost, 2, "a"), (DisputeOpened, 3, "a")], "chargeback"),
        ([(DisputeLost, 2, "a"), (DisputeWon, 3, "a"), (DisputeLost, 2, "b")], "chargeback"),
    ],
)
def test_disputes_are_kept_apart_and_the_last_decision_on_each_counts(
    messages: list[tuple[type[DisputeFact], int, str]], state: str
) -> None:
    for order in permutations((PAID, *(dispute(*each) for each in messages))):
        assert shown(order)[0] == state


def test_a_refund_stays_visible_beside_a_dispute() -> None:
    messages = (PAID, refunded(1, 400), dispute(DisputeOpened, 2), dispute(DisputeWon, 3))
    assert shown(messages) == ("dispute_won", 400)


def test_a_dispute_that_only_an_earlier_release_recorded_stays() -> None:
    row = payment_row(dispute(DisputeLost, 2))
    assert outcome_of(row.state, row.updated_at, 0, {}).state.value == "chargeback"
    assert outcome_of(row.state, row.updated_at, 0, payment_row(refunded(3, 400)).reversals).state.value == "chargeback"
