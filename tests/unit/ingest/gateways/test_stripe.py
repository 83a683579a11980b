from typing import Any

import pytest

from orylo_common.hashing import hash_of
from orylo_ingest.gateways.stripe.events import EVENTS
from tests.unit.ingest.given import document_token, message_in, recorded_from, stripe

INTENT = "stripe:pi_3TstExampleCard0001"


def recorded(event: dict[str, Any]) -> Any:
    return recorded_from("stripe", event)


def message_of(event: dict[str, Any]) -> Any:
    return message_in(recorded(event))


def test_all_events_of_one_payment_share_its_id_and_fact() -> None:
    events = [
        stripe("payment_intent.succeeded"),
        stripe("charge.succeeded"),
        stripe("checkout.session.completed"),
        stripe("invoice.paid", payment_intent="pi_3TstExampleCard0001"),
        stripe("invoice.paid", payments={"data": [{"payment": {"payment_intent": "pi_3TstExampleCard0001"}}]}),
    ]
    records = [recorded(event) for event in events]
    assert {record.payment_id for record in records} == {INTENT}
    assert all(f"paid:{INTENT}" in record.facts for record in records)


def test_an_intent_that_names_its_invoice_claims_the_facts_of_both() -> None:
    """From 2025-03 an invoice does not name its intent, so the invoice's id connects the two."""
    alone = recorded(stripe("invoice.paid", customer=None))
    assert alone.facts == ("paid:stripe:in_1TstExampleInv00001",)
    for link in (
        {"invoice": "in_1TstExampleInv00001"},
        {"payment_details": {"order_reference": "in_1TstExampleInv00001"}},
    ):
        assert set(alone.facts) < set(recorded(stripe("payment_intent.succeeded", **link)).facts)
    session = stripe("checkout.session.completed", payment_intent=None, invoice="in_1TstExampleInv00001")
    assert recorded(session).facts == alone.facts


def test_an_authorisation_is_not_a_payment() -> None:
    record = recorded(stripe("charge.succeeded", captured=False))
    assert record.message_type == "payment.created.v1"
    assert record.facts == (f"authorized:{INTENT}",)
    captured = stripe("charge.succeeded", amount_captured=10_000)
    captured["type"] = "charge.captured"
    assert message_of(captured).amount_minor == 10_000


@pytest.mark.parametrize(
    ("status", "case_type", "expected"),
    [
        ("needs_response", "chargeback", "dispute.opened.v1"),
        ("under_review", "chargeback", "dispute.opened.v1"),
        ("won", "chargeback", "dispute.won.v1"),
        ("lost", "chargeback", "dispute.lost.v1"),
        ("warning_needs_response", "inquiry", None),
        ("warning_closed", "inquiry", None),
        ("needs_response", "inquiry", None),
        ("prevented", "chargeback", None),
        ("appeal_under_review", "chargeback", None),
        ("a_new_one", "chargeback", None),
    ],
)
@pytest.mark.parametrize("kind", ["created", "updated", "closed"])
def test_the_status_of_a_dispute_decides_its_message(
    kind: str, status: str, case_type: str, expected: str | None
) -> None:
    event = stripe("charge.dispute.created", status=status)
    event["type"] = f"charge.dispute.{kind}"
    event["data"]["object"]["payment_method_details"]["card"]["case_type"] = case_type
    record = recorded(event)
    assert record.message_type == expected
    assert record.status == ("published" if expected else "ignored")


def test_a_dispute_that_begins_as_an_inquiry_is_opened_when_money_moves() -> None:
    inquiry = recorded(stripe("charge.dispute.created.inquiry"))
    grown = stripe("charge.dispute.created.inquiry", status="needs_response")
    grown["type"] = "charge.dispute.updated"
    grown["data"]["object"]["payment_method_details"]["card"]["case_type"] = "chargeback"
    assert inquiry.status == "ignored"
    assert recorded(grown).message_type == "dispute.opened.v1"


def test_every_further_refund_is_a_separate_fact() -> None:
    partial, full = (recorded(stripe(f"charge.refunded{kind}")) for kind in (".partial", ""))
    assert (message_in(partial).full, message_in(full).full) == (False, True)
    assert (message_in(partial).refunded_minor, message_in(full).refunded_minor) == (9900, 29700)
    assert message_in(partial).amount_minor == 29700
    assert partial.facts != full.facts


def test_a_fraud_warning_names_a_payment_but_no_amount() -> None:
    warning = message_of(stripe("radar.early_fraud_warning.created"))
    assert (warning.payment_id, warning.amount_minor, warning.currency) == (INTENT, 0, "XXX")
    assert warning.fraud_type == "unauthorized_use_of_card"


@pytest.mark.parametrize(
    ("currency", "sent", "minor"),
    [("brl", 29700, 29700), ("jpy", 4980, 4980), ("kwd", 15250, 15250), ("isk", 150_000, 1500), ("ugx", 500_000, 5000)],
)
def test_minor_units_depend_on_the_currency(currency: str, sent: int, minor: int) -> None:
    payment = message_of(stripe("charge.succeeded", currency=currency, amount=sent, amount_captured=sent))
    assert (payment.amount_minor, payment.currency) == (minor, currency.upper())


def test_a_charge_listed_inside_the_intent_by_old_api_versions_is_read() -> None:
    payment = message_of(stripe("payment_intent.succeeded.legacy_api_2020-08-27"))
    assert payment.card.fingerprint == "Tst0FingerPrint01"
    assert payment.match_keys.phone == hash_of("5511987650001")


def test_an_expanded_charge_is_read_like_its_id() -> None:
    charge = stripe("charge.succeeded")["data"]["object"]
    payment = message_of(stripe("payment_intent.succeeded", latest_charge=charge))
    assert payment.card.last4 == "4444"
    assert payment.match_keys.last_name == hash_of("souza")


def test_a_connected_account_changes_no_id() -> None:
    event = stripe("payment_intent.succeeded.connect_livemode")
    with_account = recorded(event)
    del event["account"]
    assert with_account.event_id == recorded(event).event_id


def test_a_click_id_in_the_clients_reference_is_found() -> None:
    click = "oc_0123456789abcdefABCDEF"
    payment = message_of(stripe("checkout.session.completed", client_reference_id=click, metadata={}))
    assert payment.tracking.click_id == click
    assert payment.order_id is None
    assert message_of(stripe("checkout.session.completed", metadata={})).order_id == "PED-2026-000123"


def test_the_document_may_be_in_a_custom_field() -> None:
    event = stripe("checkout.session.completed")
    event["data"]["object"]["customer_details"]["tax_ids"] = []
    assert document_token("11144477735") in recorded(event).payload.decode()


@pytest.mark.parametrize(
    ("payment_status", "message"),
    [
        ("paid", "payment.succeeded.v1"),
        ("no_payment_required", "payment.succeeded.v1"),
        ("unpaid", "payment.created.v1"),
    ],
)
def test_the_payment_status_decides_whether_a_completed_session_is_paid(payment_status: str, message: str) -> None:
    record = recorded(stripe("checkout.session.completed", payment_status=payment_status))
    assert record.message_type == message


@pytest.mark.parametrize("payment_status", ["paid", "no_payment_required"])
def test_a_session_over_0_is_a_sale_over_0(payment_status: str) -> None:
    record = recorded(stripe("checkout.session.completed", payment_status=payment_status, amount_total=0))
    assert record.message_type == "payment.succeeded.v1"
    assert message_in(record).amount_minor == 0


def test_an_invoice_over_0_is_a_sale_over_0() -> None:
    record = recorded(stripe("invoice.paid", amount_paid=0))
    assert (record.message_type, message_in(record).amount_minor) == ("payment.succeeded.v1", 0)


def test_a_session_that_only_stores_a_payment_method_is_no_sale() -> None:
    assert recorded(stripe("checkout.session.completed", mode="setup")).status == "ignored"


def test_both_events_of_one_declined_charge_are_one_attempt() -> None:
    intent, charge = (recorded(stripe(name)) for name in ("payment_intent.payment_failed", "charge.failed"))
    assert intent.facts == charge.facts
    assert message_in(intent).failure_code == "insufficient_funds"


def test_unknown_types_are_ignored_unless_they_may_be_about_money() -> None:
    event = stripe("charge.succeeded")
    event["type"] = "tax.settings.updated"
    assert recorded(event).status == "ignored"
    for family in ("payment_intent.reversed", "charge.settled", "checkout.session.paused"):
        event["type"] = family
        assert recorded(event).status == "quarantined"


def test_a_thin_event_is_quarantined() -> None:
    record = recorded(
        {"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.x", "created": "2026-03-10T17:22:31Z"}
    )
    assert record.status == "quarantined"
    assert "snapshot" in (record.reason or "")


@pytest.mark.parametrize("document", [{}, {"a": 1}, {"id": "evt_1", "object": "charge"}])
def test_a_document_that_is_no_event_is_not_called_a_thin_event(document: dict[str, object]) -> None:
    record = recorded(document)
    assert (record.status, record.reason) == ("quarantined", "not a Stripe event: its object is not `event`")


@pytest.mark.parametrize(
    ("type_", "status", "reason"),
    [
        ("invoice.settled", "quarantined", "unknown event type"),
        ("refund.settled", "quarantined", "unknown event type"),
        ("invoice_payment.settled", "quarantined", "unknown event type"),
        ("charge.settled", "quarantined", "unknown event type"),
        ("invoice_payment.paid", "ignored", "invoice.paid reports the same"),
        ("payout.paid", "ignored", "not about a payment"),
    ],
)
def test_the_reason_for_an_unlisted_type_is_accurate(type_: str, status: str, reason: str) -> None:
    record = recorded(stripe("charge.succeeded") | {"type": type_})
    assert record.status == status
    assert reason in (record.reason or "")


def test_every_event_of_the_table_gives_a_message_or_a_reason() -> None:
    assert all(row.read is not None for row in EVENTS.values() if row.messages)
    assert all(row.note for row in EVENTS.values() if not row.messages)


@pytest.mark.parametrize(
    "type_", [type_ for type_, row in EVENTS.items() if row.read and type_ != "checkout.session.expired"]
)
@pytest.mark.parametrize(
    "source", [{}, {"id": "x"}, {"id": "x", "currency": "brl", "amount": "many"}, {"id": None, "currency": 7}]
)
def test_an_event_with_an_incomplete_object_publishes_nothing(type_: str, source: dict[str, object]) -> None:
    event = {"id": "evt_1", "object": "event", "type": type_, "created": 1773163356, "data": {"object": source}}
    assert recorded(event).status in ("quarantined", "ignored")


@pytest.mark.parametrize(
    "link",
    [
        {"payment_intent": "pi_3TstExampleCard0001"},
        {"payment_intent": {"id": "pi_3TstExampleCard0001"}},
        {"charge": {"id": "ch_3TstExampleCard0001", "payment_intent": "pi_3TstExampleCard0001"}},
        {"payments": {"data": [{"status": "paid", "payment": {"payment_intent": "pi_3TstExampleCard0001"}}]}},
        {"payments": {"data": [{"status": "paid", "payment": {"payment_intent": {"id": "pi_3TstExampleCard0001"}}}]}},
        {
            "payments": {
                "data": [
                    {"status": "canceled", "payment": {"payment_intent": "pi_another"}},
                    {"status": "paid", "payment": {"payment_intent": "pi_3TstExampleCard0001"}},
                ]
            }
        },
    ],
)
def test_an_invoice_that_names_its_intent_in_any_form_is_that_payment(link: dict[str, Any]) -> None:
    record = recorded(stripe("invoice.paid", **link))
    assert record.facts == (f"paid:{INTENT}", "paid:stripe:in_1TstExampleInv00001")
    session = stripe("checkout.session.completed", mode="subscription", payment_intent=None)
    session["data"]["object"]["invoice"] = {"id": "in_1TstExampleInv00001", **link}
    assert recorded(session).facts == record.facts


def test_an_old_invoice_that_names_only_its_charge_is_that_payment() -> None:
    assert recorded(stripe("invoice.paid", charge="ch_1")).payment_id == "stripe:ch_1"
    assert recorded(stripe("charge.succeeded", id="ch_1", payment_intent=None)).payment_id == "stripe:ch_1"


def test_later_charges_of_a_subscription_are_marked_as_renewals() -> None:
    assert message_of(stripe("invoice.paid")).subscription.renewal
    assert message_of(stripe("invoice.paid", billing_reason="subscription_create")).subscription.renewal is None
    assert message_of(stripe("invoice.paid", billing_reason="subscription_create")).subscription.recurrence == 1
    assert message_of(stripe("charge.succeeded", description="Subscription update")).subscription.renewal
    assert message_of(stripe("charge.succeeded", description="Subscription creation")).subscription is None


@pytest.mark.parametrize(
    ("client_ip", "ip"),
    [
        ("8.8.4.4:17085", "8.8.4.4"),
        ("192.168.0.3, 8.8.4.4", "8.8.4.4"),
        # A shop behind a proxy that it does not know sees the proxy's address only, the same for all buyers.
        ("10.0.0.7", None),
        ("::ffff:172.18.0.1", None),
        ("[fd00::1]:443", None),
    ],
)
def test_a_local_address_in_the_metadata_is_not_the_buyers(client_ip: str, ip: str | None) -> None:
    assert message_of(stripe("payment_intent.succeeded", metadata={"client_ip": client_ip})).ip == ip
