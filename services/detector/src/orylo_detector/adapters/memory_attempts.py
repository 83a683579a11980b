"""Attempts to pay in memory, for payments that are replayed in the order of their times."""

from collections.abc import Sequence

from orylo_common.control.sections.detection import Entity
from orylo_common.messages import PaymentFact, PaymentFailed
from orylo_detector.domain.velocity import (
    LONGEST,
    UNKNOWN_CARD,
    PaymentAttempt,
    attempt_key,
    card_identity,
    entities_of,
    microseconds,
)
from orylo_detector.ports import EntityAttempts

LONGEST_US = LONGEST // (LONGEST.resolution)
# As many as the log in Redis returns.
REMEMBERED = 512
# Attempts between two searches for entities without an attempt in the longest window.
FORGET_EVERY = 100_000

Log = dict[bytes, PaymentAttempt]


class MemoryAttempts:
    """AttemptLog in memory. Forgets attempts that are too old for any window."""

    def __init__(self) -> None:
        self._logs: dict[tuple[Entity, str], Log] = {}
        self._recorded = 0

    async def record(self, payments: Sequence[PaymentFact]) -> list[EntityAttempts]:
        return [self._record(payment) for payment in payments]

    def _record(self, payment: PaymentFact) -> EntityAttempts:
        attempt = _attempt(payment)
        found: dict[Entity, Sequence[PaymentAttempt]] = {}
        for key in entities_of(payment):
            log = self._logs.get(key)
            if log is None:
                self._logs[key] = {attempt.key: attempt}
                found[key[0]] = (attempt,)
            else:
                _add(log, attempt)
                found[key[0]] = tuple(log.values())
        self._recorded += 1
        if self._recorded % FORGET_EVERY == 0:
            oldest = attempt.at_us - LONGEST_US
            self._logs = {key: log for key, log in self._logs.items() if next(reversed(log.values())).at_us > oldest}
        return found


def _add(log: Log, attempt: PaymentAttempt) -> None:
    """Add an attempt that is not older than those in the log. One that is reported again counts at its first time."""
    oldest = attempt.at_us - LONGEST_US
    while log and ((first := next(iter(log.values()))).at_us <= oldest or len(log) >= REMEMBERED):
        del log[first.key]
    earlier = log.setdefault(attempt.key, attempt)
    if earlier.card != attempt.card and attempt.card != UNKNOWN_CARD:
        log[attempt.key] = earlier._replace(card=attempt.card)


def _attempt(payment: PaymentFact) -> PaymentAttempt:
    card = card_identity(payment)
    return PaymentAttempt(
        microseconds(payment.occurred_at),
        payment.amount_minor,
        payment.currency.encode(),
        isinstance(payment, PaymentFailed),
        attempt_key(payment).encode(),
        card.encode() if card else UNKNOWN_CARD,
    )
