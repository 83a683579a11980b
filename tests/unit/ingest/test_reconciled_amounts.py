"""Amounts of Stripe's balance transactions and of stored events: by payment, in the buyer's currency."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orylo_common.messages import AmountKind
from orylo_ingest.reconciliation.amounts import amount_of_event, amounts_of_transaction
from orylo_ingest.reconciliation.job import LONGEST_AGO, SETTLED_AFTER, ComparedRange
from tests.support.stripe_history import charge, event, transaction

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def read(category: str, source: Any, **changes: Any) -> list[tuple[str, str, str, int]]:
    made = {**transaction("charge", charge(1, AT), AT), "reporting_category": category, "source": source, **changes}
    return [(each.kind.value, each.subject, each.currency, each.minor) for each in amounts_of_transaction(made)]


def test_an_amount_is_in_the_buyers_currency_and_the_fee_in_the_accounts() -> None:
    found = read("charge", charge(1, AT), currency="usd", amount=200, fee=9)
    assert found == [("fee", "2026-06-01", "USD", 9), ("charge", "stripe:pi_1", "BRL", 1001)]


REFUND = {"id": "re_1", "amount": 4, "currency": "brl", "charge": "ch_1"}


@pytest.mark.parametrize(
    ("category", "source", "amount"),
    [
        ("refund", REFUND | {"payment_intent": "pi_1"}, ("refund", "stripe:pi_1", 4)),
        ("refund", REFUND, ("refund", "stripe:ch_1", 4)),
        ("refund_failure", REFUND, ("refund", "stripe:ch_1", -4)),
        ("dispute", {"id": "dp_1", "amount": 7, "currency": "brl", "charge": "ch_1"}, ("dispute", "dp_1", 7)),
        ("charge", {**charge(1, AT), "payment_intent": None}, ("charge", "stripe:ch_1", 1001)),
    ],
)
def test_an_amount_belongs_to_its_payment_or_dispute(
    category: str, source: dict[str, Any], amount: tuple[str, str, int]
) -> None:
    ((kind, subject, currency, minor),) = read(category, source)
    assert (kind, subject, minor) == amount
    assert currency == "BRL"


@pytest.mark.parametrize(
    ("category", "source"),
    [("payout", {"id": "po_1", "amount": 9, "currency": "brl"}), ("charge", "ch_1"), ("refund", {}), ("charge", None)],
)
def test_other_money_and_sources_that_are_not_expanded_are_not_compared(category: str, source: Any) -> None:
    assert read(category, source) == []


def test_a_refund_counts_what_this_event_alone_refunded() -> None:
    refunded = {**charge(1, AT), "amount_refunded": 700}
    document = event("charge.refunded", refunded, AT, previous_attributes={"amount_refunded": 300})
    amount = amount_of_event(document, "stripe:in_9", AT)
    assert amount is not None
    # Under the id that the payment is stored under.
    assert (amount.kind, amount.subject, amount.minor) == (AmountKind.REFUND, "stripe:in_9", 400)
    assert amount_of_event(event("charge.failed", charge(1, AT), AT), "stripe:pi_1", AT) is None
    assert amount_of_event({"object": "event"}, "stripe:pi_1", AT) is None


def test_a_range_is_cut_to_what_is_listed_and_settled() -> None:
    year = ComparedRange(AT - timedelta(days=365), AT + timedelta(days=1))
    assert year.settled(AT) == ComparedRange(AT - LONGEST_AGO, AT - SETTLED_AFTER)
    just_now = ComparedRange(AT - timedelta(minutes=1), AT).settled(AT)
    assert just_now.start == just_now.end
