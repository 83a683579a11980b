from typing import Any

import pytest
from prometheus_client import REGISTRY

from orylo_common.hashing import hash_of
from tests.unit.ingest.given import RECEIVED_AT, hotmart, message_in, recorded_from


def message_of(document: dict[str, Any]) -> Any:
    return message_in(recorded_from("hotmart", document))


def test_milliseconds_written_with_a_zero_fraction_are_the_same_time() -> None:
    whole, fraction = hotmart("v2_purchase_approved"), hotmart("v2_purchase_approved")
    fraction["creation_date"] = float(whole["creation_date"])
    assert message_of(fraction).occurred_at == message_of(whole).occurred_at


def test_the_amount_is_what_the_buyer_was_charged() -> None:
    sale = hotmart("v2_purchase_approved")
    assert message_of(sale).amount_minor == 59430
    del sale["data"]["purchase"]["full_price"]
    assert message_of(sale).amount_minor == 49700
    assert message_of(hotmart("v1_purchase_approved")).amount_minor == 59430


@pytest.mark.parametrize(
    ("value", "currency", "minor"), [(1500, "JPY", 1500), (9.999, "KWD", 9999), (0.1 + 0.2, "BRL", 30)]
)
def test_decimal_amounts_become_minor_units(value: float, currency: str, minor: int) -> None:
    sale = hotmart("v2_purchase_approved")
    sale["data"]["purchase"]["full_price"] = {"value": value, "currency_value": currency}
    assert message_of(sale).amount_minor == minor


@pytest.mark.parametrize(
    ("approved", "completed"),
    [("v2_purchase_approved", "v2_purchase_complete"), ("v1_purchase_approved", "v1_purchase_completed")],
)
def test_the_end_of_the_guarantee_reports_the_same_facts_as_the_sale(approved: str, completed: str) -> None:
    first, later = (recorded_from("hotmart", hotmart(name)) for name in (approved, completed))
    assert first.facts == later.facts
    assert first.event_id != later.event_id
    assert message_in(later).occurred_at == message_in(first).occurred_at
    assert later.message_type == "payment.succeeded.v1"


def test_a_sale_reported_only_by_the_end_of_its_guarantee_keeps_its_own_date() -> None:
    newer, older = hotmart("v2_purchase_complete"), hotmart("v1_purchase_completed")
    del newer["data"]["purchase"]["approved_date"]
    older["confirmation_purchase_date"] = ""
    assert message_of(newer).occurred_at.isoformat() == "2026-03-10T17:22:31+00:00"
    assert message_of(older).occurred_at.isoformat() == "2026-03-10T17:22:31+00:00"


def test_the_panels_test_is_marked_and_may_be_repeated() -> None:
    record = recorded_from("hotmart", hotmart("v2_panel_test_event"))
    assert message_in(record).test
    assert record.facts == ()
    assert not message_of(hotmart("v2_purchase_approved")).test


def test_a_renewal_is_a_separate_payment_with_its_number() -> None:
    first, renewal = (message_of(hotmart(f"v2_purchase_approved_subscription_{kind}")) for kind in ("first", "renewal"))
    assert first.subscription.subscription_id == renewal.subscription.subscription_id == "ABC12DEF"
    assert renewal.subscription.recurrence == 3
    assert first.payment_id != renewal.payment_id


def test_an_order_bump_names_the_sale_it_was_added_to() -> None:
    assert message_of(hotmart("v2_purchase_approved_order_bump")).order_bump_of == "hotmart:HP2603101001"
    assert message_of(hotmart("v2_purchase_approved_order_bump")).order_bump
    assert message_of(hotmart("v2_purchase_approved")).order_bump_of is None
    assert not message_of(hotmart("v2_purchase_approved")).order_bump


def test_the_older_format_does_not_name_the_sale_of_an_order_bump() -> None:
    bump = message_of(hotmart("v1_purchase_approved") | {"order_bump": "true"})
    assert (bump.order_bump, bump.order_bump_of) == (True, None)
    assert not message_of(hotmart("v1_purchase_approved")).order_bump


@pytest.mark.parametrize(
    ("number", "area", "country", "digits"),
    [
        ("987650001", "11", "BR", "5511987650001"),
        ("11987650001", "11", "BR", "5511987650001"),
        ("5511987650001", "11", "BR", "5511987650001"),
        ("5511987650001", None, "BR", "5511987650001"),
        ("1512345678", None, "DE", "491512345678"),
    ],
)
def test_the_parts_of_a_phone_number_are_joined(number: str, area: str | None, country: str, digits: str) -> None:
    sale = hotmart("v2_purchase_approved")
    buyer = sale["data"]["buyer"]
    buyer |= {"checkout_phone": number, "checkout_phone_code": area}
    buyer["address"]["country_iso"] = country
    assert message_of(sale).match_keys.phone == hash_of(digits)


@pytest.mark.parametrize("place", ["src", "sck", "xcod"])
def test_a_click_id_is_found_in_any_origin(place: str) -> None:
    sale = hotmart("v2_purchase_approved")
    sale["data"]["purchase"]["origin"] = {place: "facebook|paid|oc_0123456789abcdefABCDEF|x"}
    assert message_of(sale).tracking.click_id == "oc_0123456789abcdefABCDEF"


@pytest.mark.parametrize("value", ["oc_short", "oc_0123456789abcdefABCDEF0", "xoc_0123456789abcdefABCDEF", ""])
def test_a_text_that_only_resembles_a_click_id_is_ignored(value: str) -> None:
    sale = hotmart("v2_purchase_approved")
    sale["data"]["purchase"]["origin"] = {"src": value}
    assert message_of(sale).tracking.click_id is None


def test_a_later_status_of_the_older_format_is_dated_by_its_arrival() -> None:
    assert message_of(hotmart("v1_purchase_refunded")).occurred_at == RECEIVED_AT
    assert message_of(hotmart("v1_purchase_approved")).occurred_at.isoformat() == "2026-03-10T17:22:35+00:00"


def test_a_changed_status_without_an_event_id_is_another_event() -> None:
    names = ("approved", "billet_printed", "refunded", "chargeback")
    ids = [recorded_from("hotmart", hotmart(f"v1_purchase_{name}")).event_id for name in names]
    assert len(set(ids)) == len(ids)


def test_a_partial_refund_is_not_reported_as_full() -> None:
    sale = hotmart("v2_purchase_refunded")
    sale["data"]["purchase"]["status"] = "PARTIALLY_REFUNDED"
    older = hotmart("v1_purchase_refunded") | {"status": "partially_refunded"}
    for record in (recorded_from("hotmart", sale), recorded_from("hotmart", older)):
        assert (record.status, record.reason) == ("ignored", "a partial refund, whose amount Hotmart does not send")


# The documented spelling, and the one that Hotmart sends.
KNOWN_STATUSES = (
    "APPROVED BLOCKED CANCELLED CHARGEBACK COMPLETE EXPIRED NO_FUNDS OVERDUE PARTIALLY_REFUNDED PRE_ORDER "
    "PRINTED_BILLET PROCESSING_TRANSACTION DISPUTE REFUNDED STARTED UNDER_ANALISYS WAITING_PAYMENT "
    "CANCELED COMPLETED BILLET_PRINTED DELAYED "
    "approved canceled billet_printed refunded dispute completed blocked chargeback delayed expired wayting_payment"
)


@pytest.mark.parametrize("status", KNOWN_STATUSES.split())
def test_every_status_in_either_spelling_is_understood(status: str) -> None:
    older, newer = hotmart("v1_purchase_approved") | {"status": status}, hotmart("v2_purchase_approved")
    newer["data"]["purchase"]["status"] = status
    relayed = hotmart("simplified_approved") | {"status": status}
    for document in (older, relayed):
        record = recorded_from("hotmart", document)
        assert record.status in ("published", "ignored"), record.reason
        assert record.message_type or record.reason
    # In the newer webhook the event decides.
    assert recorded_from("hotmart", newer).message_type == "payment.succeeded.v1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CANCELLED", "canceled"),
        ("COMPLETE", "completed"),
        ("PRINTED_BILLET", "billet_printed"),
        ("OVERDUE", "delayed"),
        ("WAITING_PAYMENT", "wayting_payment"),
        ("Approved", "approved"),
    ],
)
def test_both_spellings_of_a_status_give_the_same_message(one: str, other: str) -> None:
    documented, real = (message_of(hotmart("v1_purchase_approved") | {"status": status}) for status in (one, other))
    assert (documented.type, documented.occurred_at) == (real.type, real.occurred_at)


def test_an_ignored_status_needs_no_amount() -> None:
    older = hotmart("v1_purchase_approved") | {"status": "dispute", "currency": "", "full_price": "x"}
    assert recorded_from("hotmart", older).status == "ignored"


def test_webhooks_are_counted_by_variant() -> None:
    def count(variant: str) -> float:
        return REGISTRY.get_sample_value(
            "orylo_webhook_variants_total", {"gateway": "hotmart", "variant": variant}
        ) or 0.0  # fmt: skip

    variants = ("1.0", "status_overdue", "simplified", "event_time_milliseconds")
    before = [count(variant) for variant in variants]
    recorded_from("hotmart", hotmart("v1_purchase_approved") | {"status": "OVERDUE"})
    recorded_from("hotmart", hotmart("simplified_approved") | {"event_time": 1773163355000})
    assert [count(variant) for variant in variants] == [number + 1 for number in before]


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-10T17:22:35Z",
        "2026-03-10T14:22:35-03:00",
        "2026-03-10T14:22:35",
        "2026-03-10 14:22:35",
        1773163355,
        1773163355.0,
        1773163355000,
        "1773163355",
        "1773163355000",
    ],
)
def test_times_of_relays_are_read_in_any_format(written: Any) -> None:
    sale = message_of(hotmart("simplified_approved") | {"event_time": written})
    assert sale.occurred_at.isoformat() == "2026-03-10T17:22:35+00:00"


@pytest.mark.parametrize("written", [None, "", "soon", -1, 1, True, "17", 1e30, "0001-01-01T00:00:00+14:00"])
def test_an_invalid_time_quarantines_the_event(written: Any) -> None:
    record = recorded_from("hotmart", hotmart("simplified_approved") | {"event_time": written})
    assert (record.status, record.reason) == ("quarantined", "event_time is not a time")


def test_an_undocumented_event_is_quarantined() -> None:
    sale = hotmart("v2_purchase_approved")
    sale["event"] = "PURCHASE_TELEPORTED"
    assert recorded_from("hotmart", sale).status == "quarantined"
    older = hotmart("v1_purchase_approved")
    older["status"] = "teleported"
    assert recorded_from("hotmart", older).status == "quarantined"


def test_the_simplified_form_is_understood() -> None:
    approved, rejected = (
        recorded_from("hotmart", hotmart(f"simplified_{status}")) for status in ("approved", "rejected")
    )
    assert (approved.message_type, rejected.message_type) == ("payment.succeeded.v1", "payment.failed.v1")
    assert message_in(approved).amount_minor == 49700
    assert message_in(approved).match_keys.phone == hash_of("5511987650001")
