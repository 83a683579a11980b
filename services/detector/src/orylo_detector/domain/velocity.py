"""Velocity: how often, and for how much, one customer, card, address or device tried to pay in a window."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from orylo_common.control.sections.detection import Entity, Window
from orylo_common.messages import PaymentFact, PaymentFailed

WINDOWS: dict[Window, timedelta] = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}
LONGEST = WINDOWS["24h"]
LENGTHS_US = tuple(length // timedelta(microseconds=1) for length in WINDOWS.values())


class Attempt(NamedTuple):
    """One try to pay, as it is remembered. `at_us` is when it happened, in microseconds since 1970."""

    at_us: int
    amount_minor: int
    currency: bytes
    declined: bool
    # Hashes: what is counted once, and the card that was used (empty: none known).
    attempt: bytes
    card: bytes


class Velocity(NamedTuple):
    attempts: int
    amount_minor: int


def microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def entities_of(payment: PaymentFact) -> list[tuple[Entity, str]]:
    """Whom an attempt is counted for: each of them that the gateway tells."""
    card = payment.card.fingerprint if payment.card else None
    named: tuple[tuple[Entity, str | None], ...] = (
        ("customer", payment.customer_id),
        ("card", card),
        ("ip", payment.ip),
        # A browser, by the id that Meta gave it and the checkout carried through.
        ("device", payment.tracking.fbp),
    )
    return [(entity, value) for entity, value in named if value]


def attempt_key(payment: PaymentFact) -> str:
    """What makes an attempt one attempt: all that is told of a payment, save that each refusal is its own."""
    if isinstance(payment, PaymentFailed):
        return f"{payment.payment_id} {payment.attempt_id or payment.event_id}"
    return payment.payment_id


def velocities(attempts: Iterable[Attempt], until: datetime, currency: str) -> dict[Window, Velocity]:
    """Attempts and amounts in the windows that end with `until`: what happened later, but was told
    earlier, does not count. Amounts are those in `currency`."""
    end, currency_code = microseconds(until), currency.encode()
    # By the shortest window that an attempt lies in; the longer ones contain it.
    counts, amounts = [0] * len(LENGTHS_US), [0] * len(LENGTHS_US)
    for attempt in attempts:
        age = end - attempt.at_us
        if 0 <= age < LENGTHS_US[-1]:
            shortest = bisect_right(LENGTHS_US, age)
            counts[shortest] += 1
            if attempt.currency == currency_code:
                amounts[shortest] += attempt.amount_minor
    return dict(zip(WINDOWS, map(Velocity, accumulate(counts), accumulate(amounts)), strict=True))
