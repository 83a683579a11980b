from typing import Any

import pytest

from orylo_common.identity import hash_of
from tests.unit.ingest.given import RECEIVED_AT, hotmart, message_in, taken_from


def told(document: dict[str, Any]) -> Any:
    return message_in(taken_from("hotmart", document))


def test_the_amount_is_what_the_buyer_was_charged() -> None:
    sale = hotmart("v2_purchase_approved")
    assert told(sale).amount_minor == 59430
    del sale["data"]["purchase"]["full_price"]
    assert told(sale).amount_minor == 49700
    assert told(hotmart("v1_purchase_approved")).amount_minor == 59430


@pytest.mark.parametrize(
    ("value", "currency", "minor"), [(1500, "JPY", 1500), (9.999, "KWD", 9999), (0.1 + 0.2, "BRL", 30)]
)
def test_decimal_amounts_become_minor_units(value: float, currency: str, minor: int) -> None:
    sale = hotmart("v2_purchase_approved")
    sale["data"]["purchase"]["full_price"] = {"value": value, "currency_value": currency}
    assert told(sale).amount_minor == minor


def test_the_end_of_the_guarantee_is_no_second_sale() -> None:
    for name in ("v2_purchase_complete", "v1_purchase_completed"):
        assert taken_from("hotmart", hotmart(name)).status == "ignored"


def test_the_panels_test_is_marked_and_may_be_repeated() -> None:
    record = taken_from("hotmart", hotmart("v2_panel_test_event"))
    assert message_in(record).test
    assert record.facts == ()
    assert not told(hotmart("v2_purchase_approved")).test


def test_a_renewal_is_a_payment_of_its_own_that_knows_its_number() -> None:
    first, renewal = (told(hotmart(f"v2_purchase_approved_subscription_{kind}")) for kind in ("first", "renewal"))
    assert first.subscription.subscription_id == renewal.subscription.subscription_id == "ABC12DEF"
    assert renewal.subscription.recurrence == 3
    assert first.payment_id != renewal.payment_id


def test_an_order_bump_knows_the_sale_it_was_added_to() -> None:
    assert told(hotmart("v2_purchase_approved_order_bump")).order_bump_of == "hotmart:HP2603101001"
    assert told(hotmart("v2_purchase_approved")).order_bump_of is None


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
def test_telephones_are_put_together(number: str, area: str | None, country: str, digits: str) -> None:
    sale = hotmart("v2_purchase_approved")
    buyer = sale["data"]["buyer"]
    buyer |= {"checkout_phone": number, "checkout_phone_code": area}
    buyer["address"]["country_iso"] = country
    assert told(sale).match_keys.phone == hash_of(digits)


@pytest.mark.parametrize("place", ["src", "sck", "xcod"])
def test_a_click_id_is_found_in_any_origin(place: str) -> None:
    sale = hotmart("v2_purchase_approved")
    sale["data"]["purchase"]["origin"] = {place: "facebook|paid|oc_0123456789abcdefABCDEF|x"}
    assert told(sale).tracking.click_id == "oc_0123456789abcdefABCDEF"


@pytest.mark.parametrize("value", ["oc_short", "oc_0123456789abcdefABCDEF0", "xoc_0123456789abcdefABCDEF", ""])
def test_what_only_looks_like_a_click_id_is_none(value: str) -> None:
    sale = hotmart("v2_purchase_approved")
    sale["data"]["purchase"]["origin"] = {"src": value}
    assert told(sale).tracking.click_id is None


def test_a_later_status_of_the_older_format_happened_when_it_came() -> None:
    assert told(hotmart("v1_purchase_refunded")).occurred_at == RECEIVED_AT
    assert told(hotmart("v1_purchase_approved")).occurred_at.isoformat() == "2026-03-10T17:22:35+00:00"


def test_without_an_event_id_a_changed_status_is_another_event() -> None:
    names = ("approved", "billet_printed", "refunded", "chargeback")
    ids = [taken_from("hotmart", hotmart(f"v1_purchase_{name}")).event_id for name in names]
    assert len(set(ids)) == len(ids)


def test_a_partial_refund_is_kept_to_be_looked_at() -> None:
    sale = hotmart("v2_purchase_refunded")
    sale["data"]["purchase"]["status"] = "PARTIALLY_REFUNDED"
    assert taken_from("hotmart", sale).status == "quarantined"


def test_an_undocumented_event_is_kept_to_be_looked_at() -> None:
    sale = hotmart("v2_purchase_approved")
    sale["event"] = "PURCHASE_TELEPORTED"
    assert taken_from("hotmart", sale).status == "quarantined"
    older = hotmart("v1_purchase_approved")
    older["status"] = "teleported"
    assert taken_from("hotmart", older).status == "quarantined"


def test_the_simplified_form() -> None:
    approved, rejected = (taken_from("hotmart", hotmart(f"simplified_{status}")) for status in ("approved", "rejected"))
    assert (approved.message_type, rejected.message_type) == ("payment.succeeded.v1", "payment.failed.v1")
    assert message_in(approved).amount_minor == 49700
    assert message_in(approved).match_keys.phone == hash_of("5511987650001")
