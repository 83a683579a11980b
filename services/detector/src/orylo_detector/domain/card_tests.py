"""Counts the signs of card testing among the attempts of one customer, IP address or device."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from orylo_common.control.sections.detection import Window
from orylo_common.messages import PaymentFact
from orylo_detector.domain.velocity import LENGTHS_US, UNKNOWN_CARD, WINDOWS, PaymentAttempt, microseconds


class CardTests(NamedTuple):
    """`cards` counts different cards, of those that are known. `small` is the number of tries with a small amount."""

    declines: int
    cards: int
    small: int


def card_tests(attempts: Iterable[PaymentAttempt], payment: PaymentFact, small_minor: int) -> dict[Window, CardTests]:
    """Count in the windows that end at the payment's time. Small amounts are those in the payment's currency.

    Some gateways report a try when it starts and again when it is declined, others only once. A try is therefore
    counted as the larger of the two numbers: declined attempts, and all others.
    """
    end, currency = microseconds(payment.occurred_at), payment.currency.encode()
    # Indexed by the shortest window that contains the attempt. The longer windows contain it too.
    declines, small_declined, small_other = ([0] * len(LENGTHS_US) for _ in range(3))
    cards: dict[bytes, int] = {}
    for attempt in attempts:
        age = end - attempt.at_us
        if not 0 <= age < LENGTHS_US[-1]:
            continue
        shortest = bisect_right(LENGTHS_US, age)
        is_small = attempt.amount_minor <= small_minor and attempt.currency == currency
        if attempt.declined:
            declines[shortest] += 1
            small_declined[shortest] += is_small
        else:
            small_other[shortest] += is_small
        if attempt.card != UNKNOWN_CARD:
            cards[attempt.card] = min(cards.get(attempt.card, shortest), shortest)
    return {
        window: CardTests(
            sum(declines[:longest]),
            sum(shortest < longest for shortest in cards.values()),
            max(sum(small_declined[:longest]), sum(small_other[:longest])),
        )
        for longest, window in enumerate(WINDOWS, start=1)
    }
