"""Declined attempts, refunds and disputes of payments that events know by a charge or by an invoice."""

from itertools import permutations
from typing import Any

import pytest

from orylo_ingest.webhooks.record import Record
from tests.unit.ingest.gateways.test_stripe_invoices import AT, SALE, bought, published
from tests.unit.ingest.given import message_in, recorded_from, stripe

DAY = 86_400


def declined(number: int = 1, *, attempt: int = 1, at: int = AT, charge: bool = True) -> dict[str, dict[str, Any]]:
    """Return every event of a declined attempt to renew a subscription, as API versions from 2025-03 send them.

    Without `charge` it failed at 3-D Secure, before the bank was asked.
    """
    amount, charge_id = 9900, f"ch_{number}_{attempt}"
    who = {**SALE, "description": "Subscription update"}
    error: dict[str, Any] = {"code": "payment_intent_authentication_failure"}
    if charge:
        error = {"code": "card_declined", "decline_code": "insufficient_funds", "charge": charge_id}
    intent = stripe("payment_intent.payment_failed", id=f"pi_{number}", amount=amount, created=AT + 1, **who)
    intent["data"]["object"] |= {"last_payment_error": error, "latest_charge": f"ch_{number}_1"}
    refused = stripe("charge.failed", id=charge_id, payment_intent=f"pi_{number}", amount=amount, created=at + 1, **who)
    invoice = stripe("invoice.payment_failed", id=f"in_{number}", amount_due=amount, attempt_count=attempt, **SALE)
    invoice["data"]["object"] |= {
        "billing_reason": "subscription_cycle",
        "charge": None,
        "status_transitions": {"finalized_at": AT, "paid_at": None},
    }
    events = {"intent": intent, "invoice": invoice} | ({"charge": refused} if charge else {})
    for after, (name, event) in enumerate(events.items(), 2):
        event |= {"id": f"evt_{name}_{number}_{attempt}", "created": at + after}
    return events


def reported(records: list[Record]) -> list[tuple[str | None, str | None]]:
    return [(record.message_type, record.payment_id) for record in records]


@pytest.mark.parametrize("charge", [True, False])
def test_one_declined_renewal_is_one_attempt_of_one_payment(charge: bool) -> None:
    events = declined(charge=charge)
    for order in permutations(events):
        assert len(published(events[name] for name in order)) == 1, order
        assert len(published(events[name] for name in order[:2])) == 1, order


def test_each_further_attempt_is_one_attempt_of_the_same_payment() -> None:
    later = AT + 3 * DAY
    for order in permutations(("intent", "invoice", "charge")):
        first, second = declined(), declined(attempt=2, at=later)
        records = published([*(first[name] for name in order), *(second[name] for name in reversed(order))])
        assert len(records) == 2, order
        assert len({record.payment_id for record in records}) == 1


def test_two_attempts_within_a_minute_are_two() -> None:
    first, second = declined(), declined(attempt=2, at=AT + 40)
    for order in permutations([*first.values(), *second.values()]):
        assert len(published(order)) == 2


def test_a_retry_that_is_paid_is_the_same_payment() -> None:
    refused, paid = declined(), bought(description="Subscription update", slow=3 * DAY)
    for order in permutations(refused):
        records = published([*(refused[name] for name in order), *paid.values()])
        assert [record.message_type for record in records] == ["payment.failed.v1", "payment.succeeded.v1"]
        assert len({record.payment_id for record in records}) == 1


def test_two_renewals_that_are_declined_together_are_two_payments() -> None:
    events = [*declined(1).values(), *declined(2).values()]
    records = published(events)
    assert len({record.payment_id for record in records}) == len(records) == 2
    assert len(published(reversed(events))) == 2


@pytest.mark.parametrize("kind", ["intent", "charge", "invoice"])
@pytest.mark.parametrize("description", ["Subscription creation", "Subscription update", "Payment for Invoice"])
def test_two_equal_sales_at_once_are_two_by_the_events_of_one_kind(kind: str, description: str) -> None:
    pair = [bought(number, description=description)[kind] for number in (1, 2)]
    assert len({record.payment_id for record in published(pair)}) == 2


def test_three_equal_sales_at_once_are_three_in_any_order_of_their_events() -> None:
    events = [event for number in (1, 2, 3) for event in bought(number, description="Subscription update").values()]
    for shift in range(len(events)):
        assert len(published([*events[shift:], *events[:shift]])) == 3
        assert len(published([*events[shift::2], *events[shift + 1 :: 2], *events[:shift]])) == 3


def refund_of(number: int, minor: int = 9900) -> dict[str, Any]:
    event = stripe("charge.refunded", id=f"ch_{number}", payment_intent=f"pi_{number}", **SALE)
    event["data"]["object"] |= {"amount": 9900, "amount_captured": 9900, "amount_refunded": minor, "created": AT + 2}
    event["data"]["object"] |= {"refunded": minor == 9900, "description": "Subscription update"}
    return event | {"id": f"evt_refund_{number}_{minor}", "created": AT + DAY}


def dispute_of(number: int) -> dict[str, Any]:
    event = stripe("charge.dispute.created", id=f"du_{number}", charge=f"ch_{number}", payment_intent=f"pi_{number}")
    return event | {"id": f"evt_dispute_{number}"}


def failed_refund_of(number: int) -> dict[str, Any]:
    event = stripe("refund.failed", id=f"re_{number}", charge=f"ch_{number}", payment_intent=f"pi_{number}")
    return event | {"id": f"evt_failed_{number}"}


@pytest.mark.parametrize("first", ["invoice", "intent", "charge"])
def test_what_follows_a_sale_is_reported_under_its_id(first: str) -> None:
    sale = bought(description="Subscription update")
    sold = [sale.pop(first), *sale.values()]
    records = published([*sold, refund_of(1), dispute_of(1), failed_refund_of(1)])
    assert [record.message_type for record in records] == [
        "payment.succeeded.v1",
        "payment.refunded.v1",
        "dispute.opened.v1",
        "payment.refund_failed.v1",
    ]
    (payment_id,) = {record.payment_id for record in records}
    assert payment_id == ("stripe:in_1" if first == "invoice" else "stripe:pi_1")
    for record in records:
        message = message_in(record)
        assert (message.payment_id, message.subject) == (payment_id, payment_id)


@pytest.mark.parametrize("order", list(permutations(("invoice", "refund", "intent"))))
def test_a_refund_finds_its_sale_in_any_order(order: tuple[str, ...]) -> None:
    events = {**bought(description="Subscription update"), "refund": refund_of(1)}
    records = published(events[name] for name in order)
    assert len({record.payment_id for record in records}) == 1
    assert len(records) == 2


def test_a_refund_finds_a_sale_that_only_the_invoice_reported() -> None:
    records = published([bought(description="Subscription update")["invoice"], refund_of(1)])
    assert [record.payment_id for record in records] == ["stripe:in_1", "stripe:in_1"]


def test_a_charge_that_names_its_invoice_links_the_two_for_good() -> None:
    """Before 2025-03 a session of a subscription named only the invoice, and the charge named it, too."""
    sale = bought()
    sale["charge"]["data"]["object"] |= {"description": "Assinatura", "invoice": "in_1"}
    records = published([sale["session"], sale["charge"], dispute_of(1)])
    assert reported(records) == [("payment.succeeded.v1", "stripe:in_1"), ("dispute.opened.v1", "stripe:in_1")]


@pytest.mark.parametrize(
    "order", [("link", "invoice", "dispute"), ("invoice", "link", "dispute"), ("dispute", "link", "invoice")]
)
@pytest.mark.parametrize("paid_by", [{"payment_intent": "pi_1"}, {"payment_intent": {"id": "pi_1"}}])
def test_an_invoice_payment_names_both_ids(order: tuple[str, ...], paid_by: dict[str, Any]) -> None:
    link = stripe("invoice.paid", object="invoice_payment", invoice="in_1", payment={"type": "any", **paid_by})
    link |= {"id": "evt_link", "type": "invoice_payment.paid"}
    events = {"link": link, "invoice": bought(customer=None)["invoice"], "dispute": dispute_of(1)}
    records = published(events[name] for name in order)
    assert len(records) == 2
    assert len({record.payment_id for record in records}) == 1


def test_a_dispute_of_another_payment_keeps_its_id() -> None:
    records = published([bought(description="Subscription update")["invoice"], dispute_of(7)])
    assert records[1].payment_id == "stripe:pi_7"


def intent_failed(number: int, charge: str | None, latest: str | None, **error: Any) -> Record:
    event = stripe("payment_intent.payment_failed", latest_charge=latest)
    event["data"]["object"]["last_payment_error"] = {**error, "charge": charge}
    return recorded_from("stripe", event | {"id": f"evt_{number}"})


def test_a_failure_without_a_charge_is_an_attempt_of_its_own() -> None:
    first = intent_failed(1, "ch_1", "ch_1", code="card_declined", decline_code="generic_decline")
    second = intent_failed(2, None, "ch_1", code="payment_intent_authentication_failure")
    third = intent_failed(3, None, "ch_1", code="payment_intent_authentication_failure")
    assert len({fact for record in (first, second, third) for fact in record.facts}) == 3
    assert [message_in(record).attempt_id for record in (first, second)] == ["ch_1", None]


def test_a_decline_whose_error_does_not_name_its_charge_is_that_of_the_latest_one() -> None:
    named = intent_failed(1, "ch_1", "ch_1", code="card_declined", decline_code="do_not_honor")
    unnamed = intent_failed(2, None, "ch_1", code="card_declined", decline_code="do_not_honor")
    assert unnamed.facts == named.facts


def boleto_failures() -> list[dict[str, Any]]:
    """Return every event of a boleto that was not paid."""
    method = {"type": "boleto"}
    charge = stripe("charge.failed", id="py_1", payment_intent="pi_1", payment_method_details=method)
    intent = stripe("payment_intent.payment_failed", id="pi_1", latest_charge="py_1", payment_method_types=["boleto"])
    intent["data"]["object"]["last_payment_error"] = {"code": "payment_intent_payment_attempt_failed"}
    session = stripe("checkout.session.async_payment_failed", id="cs_1", payment_intent="pi_1", mode="payment")
    events = [charge, intent, session]
    for number, event in enumerate(events):
        event |= {"id": f"evt_boleto_{number}", "created": AT + number}
    intent["data"]["object"]["last_payment_error"] |= {"charge": "py_1", "payment_method": method}
    return events


def test_a_delayed_payment_that_fails_is_one_attempt_of_intent_charge_and_session() -> None:
    for order in permutations(boleto_failures()):
        assert len(published(order)) == 1
        assert len(published(order[:2])) == 1


def test_a_declined_card_needs_no_link() -> None:
    for name in ("payment_intent.payment_failed", "charge.failed"):
        assert recorded_from("stripe", stripe(name)).link is None


@pytest.mark.parametrize(
    ("charge", "expected"),
    [
        ({"amount": 20675, "amount_captured": 20300, "amount_refunded": 20675, "refunded": True}, (20300, True)),
        ({"amount": 20675, "amount_captured": 20300, "amount_refunded": 1375, "refunded": False}, (1000, False)),
        ({"amount": 20675, "amount_captured": 20300, "amount_refunded": 20300, "refunded": True}, (20300, True)),
        ({"amount": 20000, "amount_captured": 20000, "amount_refunded": 500, "refunded": False}, (500, False)),
        # More was captured than authorised.
        ({"amount": 20000, "amount_captured": 23000, "amount_refunded": 1000, "refunded": False}, (1000, False)),
        # API versions that do not state the captured amount.
        ({"amount": 20000, "amount_captured": None, "amount_refunded": 20000, "refunded": True}, (20000, True)),
    ],
)
def test_only_captured_money_is_refunded(charge: dict[str, Any], expected: tuple[int, bool]) -> None:
    message = message_in(recorded_from("stripe", stripe("charge.refunded", captured=True, **charge)))
    assert (message.refunded_minor, message.full) == expected
    assert message.amount_minor == (charge["amount_captured"] or charge["amount"])


def test_the_release_of_what_was_not_captured_is_no_refund() -> None:
    released = {"amount": 20675, "amount_captured": 20300, "amount_refunded": 375, "refunded": False}
    assert recorded_from("stripe", stripe("charge.refunded", captured=True, **released)).status == "ignored"
    uncaptured = {"amount": 20675, "amount_captured": 0, "amount_refunded": 20675, "refunded": True}
    record = recorded_from("stripe", stripe("charge.refunded", captured=False, **uncaptured))
    assert record.message_type == "payment.canceled.v1"


def test_the_same_total_after_a_failed_refund_is_a_new_refund() -> None:
    first, second = refund_of(1, 500), refund_of(1, 500)
    second |= {"id": "evt_again", "created": AT + 2 * DAY}
    assert len(published([first, second])) == 2


@pytest.mark.parametrize(
    ("type_", "status"),
    [
        ("refund.failed", "failed"),
        ("charge.refund.updated", "failed"),
        ("refund.updated", "canceled"),
        ("refund.updated", "failed"),
    ],
)
def test_a_failed_refund_is_reported_once_by_whichever_events(type_: str, status: str) -> None:
    event = stripe("refund.failed", status=status) | {"type": type_, "id": "evt_other"}
    (record,) = published([event, stripe("refund.failed"), event | {"id": "evt_third"}])
    message = message_in(record)
    assert (message.refund_id, message.amount_minor) == ("re_3TstExampleRfail001", 29700)


@pytest.mark.parametrize("status", ["pending", "requires_action", "succeeded"])
@pytest.mark.parametrize("type_", ["refund.created", "refund.updated", "charge.refund.updated"])
def test_a_refund_on_its_way_is_left_to_the_charges_total(type_: str, status: str) -> None:
    assert recorded_from("stripe", stripe("refund.failed", status=status) | {"type": type_}).status == "ignored"


@pytest.mark.parametrize(
    ("type_", "status", "more", "expected"),
    [
        ("created", "needs_response", {}, None),
        ("updated", "under_review", {}, None),
        ("closed", "lost", {}, "dispute.lost.v1"),
        ("closed", "won", {}, "dispute.won.v1"),
        ("funds_withdrawn", "needs_response", {}, "dispute.opened.v1"),
        ("funds_withdrawn", "warning_needs_response", {}, "dispute.opened.v1"),
        ("funds_reinstated", "won", {}, "dispute.won.v1"),
        ("funds_reinstated", "warning_closed", {}, "dispute.won.v1"),
        ("updated", "needs_response", {"balance_transactions": [{"id": "txn_1"}]}, "dispute.opened.v1"),
        ("closed", "warning_closed", {}, None),
    ],
)
def test_an_inquiry_is_reported_once_money_moves(
    type_: str, status: str, more: dict[str, Any], expected: str | None
) -> None:
    event = stripe("charge.dispute.created.inquiry", status=status, **{"balance_transactions": [], **more})
    event["data"]["object"]["payment_method_details"]["card"]["case_type"] = "inquiry"
    assert recorded_from("stripe", event | {"type": f"charge.dispute.{type_}"}).message_type == expected


@pytest.mark.parametrize("status", ["lost", "won", "appeal_under_review"])
def test_reinstated_funds_win_the_dispute(status: str) -> None:
    event = stripe("charge.dispute.closed.lost", status=status) | {"type": "charge.dispute.funds_reinstated"}
    assert recorded_from("stripe", event).message_type == "dispute.won.v1"


@pytest.mark.parametrize(("back", "expected"), [(4000, "dispute.lost.v1"), (10000, "dispute.won.v1")])
def test_a_lost_dispute_is_won_only_if_all_the_money_came_back(back: int, expected: str) -> None:
    moved = [{"id": "txn_1", "amount": -10000}, {"id": "txn_2", "amount": back}]
    event = stripe("charge.dispute.closed.lost", status="lost", amount=10000, balance_transactions=moved)
    assert recorded_from("stripe", event | {"type": "charge.dispute.funds_reinstated"}).message_type == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"line_items": {"data": [{"currency": "usd"}]}}, (29700, "USD")),
        ({"payment_intent": {"id": "pi_1", "currency": "eur"}}, (29700, "EUR")),
        ({"invoice": {"id": "in_1", "currency": "eur"}, "payment_intent": None}, (29700, "EUR")),
        ({"subscription": {"id": "sub_1", "currency": "eur"}}, (29700, "EUR")),
        ({"currency_conversion": {"source_currency": "usd", "amount_total": 5500}}, (5500, "USD")),
        ({"presentment_details": {"presentment_currency": "jpy", "presentment_amount": 900}}, (900, "JPY")),
    ],
)
def test_a_session_without_a_currency_takes_it_from_its_parts(parts: dict[str, Any], expected: tuple[int, str]) -> None:
    message = message_in(recorded_from("stripe", stripe("checkout.session.completed", currency=None, **parts)))
    assert (message.amount_minor, message.currency) == expected


@pytest.mark.parametrize("nothing", [{"amount_total": 0, "currency": None}, {"amount_total": None}])
def test_a_session_with_nothing_to_pay_needs_no_currency(nothing: dict[str, Any]) -> None:
    session = stripe("checkout.session.completed", payment_status="no_payment_required", **nothing)
    assert recorded_from("stripe", session).status == "ignored"


def test_a_session_without_any_currency_is_quarantined() -> None:
    record = recorded_from("stripe", stripe("checkout.session.completed", currency=None))
    assert (record.status, record.reason) == ("quarantined", "currency is missing")
