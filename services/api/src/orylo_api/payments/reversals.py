"""Refunds and disputes of a payment as they are stored, and the state that they lead to.

Each report is stored under a name of its own with a sort key, and of two reports under one name the higher key counts.
The result therefore does not depend on the order in which messages arrive.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from orylo_api.payments.models import PaymentState
from orylo_api.read_models.keys import moment_of, sort_key
from orylo_common.messages import (
    DisputeFact,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Message,
    PaymentFact,
    PaymentRefunded,
    PaymentRefundFailed,
)

# By name: the report's key and value.
Reversals = dict[str, list[Any]]

REFUNDED, REFUND_FAILED, DISPUTE = "refunded", "refund_failed:", "dispute:"
DISPUTE_STATES: Mapping[type[Message], PaymentState] = {
    DisputeOpened: PaymentState.DISPUTED,
    DisputeWon: PaymentState.DISPUTE_WON,
    DisputeLost: PaymentState.CHARGEBACK,
}
# Of several disputes of one payment, the first of these states that any of them is in is the payment's.
_DECISIVE = (PaymentState.CHARGEBACK, PaymentState.DISPUTED, PaymentState.DISPUTE_WON)


class Outcome(NamedTuple):
    """The state that a payment is in, since when, and how much of it was refunded."""

    state: PaymentState
    updated_at: datetime
    refunded_minor: int


def reversals_of(payment: PaymentFact) -> Reversals:
    """Return what a message reports about refunds and disputes."""
    at = payment.occurred_at
    if isinstance(payment, PaymentRefunded):
        # The newest total counts, not the highest: it no longer includes refunds that failed before.
        value = [payment.refunded_minor, payment.full]
        return {REFUNDED: [sort_key(0, at, f"{payment.refunded_minor:020}|{payment.full:d}"), value]}
    if isinstance(payment, PaymentRefundFailed):
        key = sort_key(0, at, payment.event_id)
        return {REFUND_FAILED + payment.refund_id: [key, payment.amount_minor]}
    if isinstance(payment, DisputeFact):
        state = DISPUTE_STATES[type(payment)]
        # A decided dispute is not open again. A later decision replaces an earlier one; of two at once, the win.
        return {
            DISPUTE + payment.dispute_id: [sort_key(int(state is not PaymentState.DISPUTED), at, state), state.value]
        }
    return {}


def outcome_of(state: PaymentState, updated_at: datetime, refunded_minor: int, reversals: Reversals) -> Outcome:
    """Return the outcome of a payment whose stored state considers each message alone."""
    refund = _refund(reversals)
    if refund is not None:
        refunded_minor = refund.refunded_minor
    if dispute := _dispute(reversals):
        return Outcome(*dispute, refunded_minor)
    # A dispute that is only in the stored state was reported to a release that did not keep disputes apart.
    if refund is not None and state not in _DECISIVE:
        return refund
    return Outcome(state, updated_at, refunded_minor)


def _refund(reversals: Reversals) -> Outcome | None:
    """Return the outcome of the refunds: the newest total, less what failed since."""
    if REFUNDED not in reversals:
        return None
    key, (total, full) = reversals[REFUNDED]
    refunded_at = moment_of(key)
    failed = [
        (moment_of(failed_key), amount)
        for name, (failed_key, amount) in reversals.items()
        if name.startswith(REFUND_FAILED) and moment_of(failed_key) >= refunded_at
    ]
    if not failed:
        return Outcome(PaymentState.REFUNDED if full else PaymentState.PARTIALLY_REFUNDED, refunded_at, total)
    remaining = max(0, total - sum(amount for _, amount in failed))
    state = PaymentState.PARTIALLY_REFUNDED if remaining else PaymentState.SUCCEEDED
    return Outcome(state, max(at for at, _ in failed), remaining)


def _dispute(reversals: Reversals) -> tuple[PaymentState, datetime] | None:
    times: dict[PaymentState, datetime] = {}
    for name, (key, value) in reversals.items():
        if name.startswith(DISPUTE):
            state, at = PaymentState(value), moment_of(key)
            times[state] = max(times.get(state, at), at)
    return next(((state, times[state]) for state in _DECISIVE if state in times), None)
