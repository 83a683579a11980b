"""Amounts of Stripe's balance transactions, and of the events that were received."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orylo_common.messages import AmountKind, DisputeOpened, PaymentRefunded, PaymentSucceeded
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.fields import child, integer, text
from orylo_ingest.gateways.port import NormalisedEvent, UnprocessableEvent
from orylo_ingest.gateways.stripe.reading import charge_payment_id, minor_units, named_payment_id

STRIPE = GATEWAYS["stripe"]


@dataclass(frozen=True, slots=True)
class ReportedAmount:
    """One amount of a payment, of a dispute, or the fee of a day. Several of one subject are added up."""

    kind: AmountKind
    subject: str
    currency: str
    minor: int
    at: datetime


def amounts_of_transaction(transaction: Mapping[str, Any]) -> Iterator[ReportedAmount]:
    """Yield the amounts of a balance transaction whose source is expanded.

    Reporting categories: https://docs.stripe.com/reports/reporting-categories
    """
    at = datetime.fromtimestamp(integer(transaction.get("created")) or 0, UTC)
    currency = (text(transaction.get("currency")) or "").upper()
    if (fee := integer(transaction.get("fee"))) and currency:
        yield ReportedAmount(AmountKind.FEE, at.date().isoformat(), currency, minor_units(fee, currency), at)
    category, source = transaction.get("reporting_category") or transaction.get("type"), child(transaction, "source")
    kind = _KINDS.get(category) if isinstance(category, str) else None
    money = _source_amount(source) if source else None
    if kind is None or money is None:
        return
    minor, original = money
    with suppress(UnprocessableEvent):
        # A refund that fails returns to the shop.
        yield ReportedAmount(kind, _subject(kind, source), original, -minor if category in _RETURNED else minor, at)


_KINDS = {
    "charge": AmountKind.CHARGE,
    "payment": AmountKind.CHARGE,
    "refund": AmountKind.REFUND,
    "payment_refund": AmountKind.REFUND,
    "refund_failure": AmountKind.REFUND,
    "dispute": AmountKind.DISPUTE,
}
_RETURNED = frozenset({"refund_failure"})


def _source_amount(source: Mapping[str, Any]) -> tuple[int, str] | None:
    """Return the amount in the currency that the buyer paid."""
    currency = text(source.get("currency"))
    amount = integer(source.get("amount_captured")) or integer(source.get("amount"))
    if currency is None or amount is None:
        return None
    return minor_units(amount, currency.upper()), currency.upper()


def _subject(kind: AmountKind, source: Mapping[str, Any]) -> str:
    match kind:
        case AmountKind.DISPUTE:
            return text(source.get("id")) or "unknown"
        case AmountKind.REFUND:
            return named_payment_id(source)
        case _:
            return charge_payment_id(source)


def amount_of_event(document: Mapping[str, Any], payment_id: str, received_at: datetime) -> ReportedAmount | None:
    """Return the amount that a stored, scrubbed event reports under `payment_id`; None if it moves no money.

    A refund's is what was refunded by this event alone.
    """
    try:
        event = STRIPE.normalise(dict(document), received_at)
    except UnprocessableEvent:
        return None
    if not isinstance(event, NormalisedEvent):
        return None
    fields = event.fields
    currency, at = fields["currency"], event.occurred_at
    if event.message is PaymentSucceeded:
        # An invoice that a balance or a coupon pays moves no money.
        amount = fields["amount_minor"]
        return ReportedAmount(AmountKind.CHARGE, payment_id, currency, amount, at) if amount else None
    if event.message is PaymentRefunded:
        before = integer(child(document, "data", "previous_attributes").get("amount_refunded")) or 0
        refunded = fields["refunded_minor"] - minor_units(before, currency)
        return ReportedAmount(AmountKind.REFUND, payment_id, currency, refunded, at)
    if event.message is DisputeOpened:
        return ReportedAmount(AmountKind.DISPUTE, fields["dispute_id"], currency, fields["amount_minor"], at)
    return None
