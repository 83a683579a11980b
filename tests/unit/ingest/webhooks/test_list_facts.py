"""The facts of a payment that only lists need: the document's hash and the card's first digits."""

from typing import Any

import orjson
import pytest

from orylo_common.control.lists.values import EntryType, entry_value
from orylo_ingest.webhooks.record import Record
from tests.unit.ingest.given import DOCUMENT_KEY, document_of, recorded_from


def data_of(record: Record) -> dict[str, Any]:
    assert record.outgoing is not None
    data: dict[str, Any] = orjson.loads(record.outgoing.body)["data"]
    return data


def test_a_payment_carries_the_keyed_hash_of_the_buyers_document_and_no_other_hash_of_it() -> None:
    record = recorded_from("kiwify", document_of("kiwify/order_approved_pix.json"))
    data = data_of(record)

    token = orjson.loads(record.payload)["Customer"]["CPF"]
    assert token == f"hmac:{data['document_hash']}"
    assert "document" not in data["match_keys"]


def test_what_a_person_enters_in_a_list_is_what_a_payment_carries() -> None:
    order = document_of("kiwify/order_approved_pix.json")
    buyer = dict(order["Customer"])
    data = data_of(recorded_from("kiwify", order))

    domain = buyer["email"].rpartition("@")[2]
    assert entry_value(EntryType.EMAIL, f" {buyer['email'].upper()} ") == data["match_keys"]["email"]
    assert entry_value(EntryType.EMAIL_DOMAIN, domain.upper()) == data["customer_flags"]["email_domain_hash"]
    assert entry_value(EntryType.DOCUMENT, buyer["CPF"], DOCUMENT_KEY) == data["document_hash"]


def test_a_cart_carries_no_hash_of_a_document() -> None:
    assert "document_hash" not in data_of(recorded_from("kiwify", document_of("kiwify/abandoned_cart.json")))


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("424242", "424242"),
        ("42424242", "42424242"),
        (424242, "424242"),
        ("4242", None),
        ("4242x2", None),
        (None, None),
    ],
)
def test_kiwify_names_the_first_digits_of_a_subscriptions_card(digits: Any, expected: str | None) -> None:
    order = document_of("kiwify/subscription_renewed.json")
    for charge in order["Subscription"]["charges"]["completed"]:
        charge["card_first_digits"] = digits if charge["order_id"] == order["order_id"] else "999999"

    assert data_of(recorded_from("kiwify", order))["card"].get("bin") == expected


@pytest.mark.parametrize("charges", [None, [], {}, ["x"], [{"order_id": "another", "card_first_digits": "424242"}]])
def test_without_a_charge_of_this_order_the_first_digits_are_unknown(charges: Any) -> None:
    order = document_of("kiwify/subscription_renewed.json")
    order["Subscription"]["charges"]["completed"] = charges

    assert "bin" not in data_of(recorded_from("kiwify", order))["card"]


def test_stripe_names_the_first_digits_where_it_has_enabled_them() -> None:
    event = document_of("stripe/charge.succeeded.json")
    event["data"]["object"]["payment_method_details"]["card"]["iin"] = "42424242"

    assert data_of(recorded_from("stripe", event))["card"]["bin"] == "42424242"
