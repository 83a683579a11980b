"""Velocity: the number and the amount of attempts to pay of one customer, card, address or device in a window."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from orylo_common.control.sections.detection import Entity, Window
from orylo_common.messages import PaymentEnriched, PaymentFact, PaymentFailed

WINDOWS: dict[Window, timedelta] = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}
LONGEST = WINDOWS["24h"]
# In place of the hash of a card that the gateway does not identify.
UNKNOWN_CARD = bytes(8)
LENGTHS_US = tuple(length // timedelta(microseconds=1) for length in WINDOWS.values())


class PaymentAttempt(NamedTuple):
    """A recorded attempt to pay. `at_us` is its time in microseconds since 1970."""

    at_us: int
    amount_minor: int
    currency: bytes
    declined: bool
    # Hash of `attempt_key`: attempts with the same one count once.
    key: bytes
    # Hash of `card_identity`, or `UNKNOWN_CARD`.
    card: bytes


class Velocity(NamedTuple):
    attempts: int
    amount_minor: int


def microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def entities_of(payment: PaymentFact) -> list[tuple[Entity, str]]:
    """Return the entities an attempt counts for: each one that the gateway names.

    A panel's test event has none, and neither has an enrichment, which reports an attempt again.
    """
    if payment.test or isinstance(payment, PaymentEnriched):
        return []
    card = payment.card.fingerprint if payment.card else None
    named: tuple[tuple[Entity, str | None], ...] = (
        ("customer", payment.customer_id),
        ("card", card),
        ("ip", payment.ip),
        # A browser, by the id that Meta's pixel set and the checkout passed on.
        ("device", payment.tracking.fbp),
    )
    return [(entity, value) for entity, value in named if value]


def card_identity(payment: PaymentFact) -> str | None:
    """Return what distinguishes a customer's cards: the fingerprint, or else brand and last digits (Kiwify)."""
    card = payment.card
    if card is None:
        return None
    return card.fingerprint or (f"{card.brand} {card.last4}" if card.last4 else None)


def attempt_key(payment: PaymentFact) -> str:
    """Identify the attempt. All events of a payment are one attempt, except that each decline is its own."""
    if isinstance(payment, PaymentFailed):
        return f"{payment.payment_id} {payment.attempt_id or payment.event_id}"
    return payment.payment_id


def velocities(attempts: Iterable[PaymentAttempt], until: datetime, currency: str) -> dict[Window, Velocity]:
    """Count the attempts and sum the amounts in the windows that end at `until`.

    Later attempts do not count, even if they were reported earlier. Only amounts in `currency` are summed.
    """
    end, currency_code = microseconds(until), currency.encode()
    # Indexed by the shortest window that contains the attempt. The longer windows contain it too.
    counts, amounts = [0] * len(LENGTHS_US), [0] * len(LENGTHS_US)
    for at_us, amount_minor, currency_of_attempt, *_ in attempts:
        age = end - at_us
        if 0 <= age < LENGTHS_US[-1]:
            shortest = bisect_right(LENGTHS_US, age)
            counts[shortest] += 1
            if currency_of_attempt == currency_code:
                amounts[shortest] += amount_minor
    return dict(zip(WINDOWS, map(Velocity, accumulate(counts), accumulate(amounts)), strict=True))
