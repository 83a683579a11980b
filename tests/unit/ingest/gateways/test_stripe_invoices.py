"""A subscription's charge is one payment in any order of its events, although none of them names the others."""

from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest

from orylo_ingest.webhooks.linked_payments import LinkedPayments
from orylo_ingest.webhooks.record import Record
from tests.unit.ingest.given import recorded_from, stripe

AT = 1773163320
SALE = {"customer": "cus_1", "currency": "brl"}


def bought(
    number: int = 1, *, at: int = AT, slow: int = 0, description: str = "Subscription creation", **sale: Any
) -> dict[str, dict[str, Any]]:
    """Return every event of one charge of a subscription, as API versions from 2025-03 send them.

    `slow`: seconds between the intent and the payment, for example for 3-D Secure.
    """
    paid, amount = at + slow, sale.pop("amount", 9900)
    who = {**SALE, **sale}
    first = "creation" in description
    intent = stripe("payment_intent.succeeded", id=f"pi_{number}", created=at + 1, description=description, **who)
    charge = stripe(
        "charge.succeeded", id=f"ch_{number}", payment_intent=f"pi_{number}", description=description, **who
    )
    charge["data"]["object"] |= {"created": paid + 2, "amount": amount, "amount_captured": amount}
    intent["data"]["object"] |= {"amount": amount, "amount_received": amount}
    invoice = stripe("invoice.paid", id=f"in_{number}", amount_paid=amount, **who)
    invoice["data"]["object"] |= {
        "billing_reason": "subscription_create" if first else "subscription_cycle",
        "status_transitions": {"finalized_at": at, "paid_at": paid + 3},
    }
    session = stripe("checkout.session.completed", id=f"cs_{number}", payment_intent=None, amount_total=amount, **who)
    session["data"]["object"] |= {"mode": "subscription", "invoice": f"in_{number}", "subscription": f"sub_{number}"}
    events = {"intent": intent, "charge": charge, "invoice": invoice} | ({"session": session} if first else {})
    for after, (name, event) in enumerate(events.items(), 4):
        event |= {"id": f"evt_{name}_{number}", "created": paid + after}
    return events


def published(events: Iterable[dict[str, Any]]) -> list[Record]:
    """Link and deduplicate the events as the store does it, and return the published records."""
    payments, claimed, reported = LinkedPayments([]), set[str](), []
    for event in events:
        record = recorded_from("stripe", event)
        assert record.status in ("published", "ignored"), record.reason
        if record.link:
            payment, _ = payments.resolve(record.tenant_id, record.link)
            if payment is not None:
                record.report_as(payment.ids.name, payment.attempt(record.link)[0])
        if record.outgoing and not claimed & set(record.facts):
            reported.append(record)
        claimed |= set(record.facts)
    return reported


@pytest.mark.parametrize("order", list(permutations(("intent", "charge", "invoice", "session"))))
@pytest.mark.parametrize("slow", [0, 45, 100, 7200, 3 * 86_400])
@pytest.mark.parametrize("second", [0, 29, 57, 59])
def test_a_first_charge_is_reported_once_in_any_order(order: tuple[str, ...], slow: int, second: int) -> None:
    events = bought(at=AT + second, slow=slow)
    assert len(published(events[name] for name in order)) == 1
    # Merchants rarely subscribe to all of them, so any two must be enough.
    assert len(published(events[name] for name in order[:2])) == 1


@pytest.mark.parametrize("order", list(permutations(("intent", "charge", "invoice"))))
@pytest.mark.parametrize("description", ["Subscription update", "Payment for Invoice", "Payment for invoice A1B2-0002"])
@pytest.mark.parametrize("slow", [0, 3600, 3 * 86_400])
def test_a_renewal_is_reported_once_even_after_retries(order: tuple[str, ...], description: str, slow: int) -> None:
    events = bought(description=description, slow=slow)
    assert len(published(events[name] for name in order)) == 1


@pytest.mark.parametrize("description", [None, "", "Curso Exemplo", "My subscription creation"])
def test_two_equal_purchases_of_one_customer_are_two_payments(description: str | None) -> None:
    for kind in ("intent", "charge"):
        pair = [bought(number)[kind] for number in (1, 2)]
        for event in pair:
            event["data"]["object"]["description"] = description
        assert len(published(pair)) == 2


def test_a_purchase_is_not_merged_with_a_subscriptions_charge_beside_it() -> None:
    purchase = bought(2)["charge"]
    purchase["data"]["object"]["description"] = "Curso Exemplo"
    assert len(published([*bought(1).values(), purchase])) == 2
    assert len(published([purchase, *bought(1).values()])) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 9901},
        {"currency": "usd"},
        {"customer": "cus_2"},
        {"at": AT + 600},
        {"description": "Subscription update"},
    ],
)
def test_different_charges_are_different_payments(other: dict[str, Any]) -> None:
    events = [*bought(1).values(), *bought(2, **other).values()]
    assert len(published(events)) == 2
    assert len(published(reversed(events))) == 2


def test_the_renewal_of_every_month_is_published() -> None:
    months = [bought(month, at=AT + month * 30 * 86_400, description="Subscription update") for month in range(6)]
    assert len(published(event for month in months for event in month.values())) == 6


def test_events_without_a_customer_are_not_linked() -> None:
    events = bought(customer=None)
    assert recorded_from("stripe", events["invoice"]).facts == ("paid:stripe:in_1",)
    assert recorded_from("stripe", bought(customer=None)["charge"]).facts == ("paid:stripe:pi_1",)
    assert len(published([events["invoice"], events["charge"]])) == 2


@pytest.mark.parametrize("times", [None, {}, {"finalized_at": None, "paid_at": "soon"}, {"finalized_at": True}])
def test_an_invoice_without_its_times_is_reported_under_its_own_id(times: Any) -> None:
    invoice = bought()["invoice"]
    invoice["data"]["object"]["status_transitions"] = times
    assert recorded_from("stripe", invoice).facts == ("paid:stripe:in_1",)
    assert [record.payment_id for record in published([invoice])] == ["stripe:in_1"]
