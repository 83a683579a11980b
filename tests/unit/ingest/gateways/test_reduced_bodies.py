"""Older and reduced bodies are read, and counted as variants."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.unit.ingest.given import document_of, message_in, recorded_from


def variants(gateway: str, variant: str) -> float:
    return REGISTRY.get_sample_value(COUNTER, {"gateway": gateway, "variant": variant}) or 0


COUNTER = "orylo_webhook_variants_total"


@contextmanager
def counted(gateway: str, variant: str) -> Iterator[None]:
    before = variants(gateway, variant)
    yield
    assert variants(gateway, variant) == before + 1


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("paid", "payment.succeeded.v1"),
        ("approved", "payment.succeeded.v1"),
        ("PAID", "payment.succeeded.v1"),
        ("waiting_payment", "payment.created.v1"),
        ("refused", "payment.failed.v1"),
        ("refunded", "payment.refunded.v1"),
        ("chargedback", "dispute.lost.v1"),
    ],
)
def test_kiwify_order_status_alone(status: str, message: str) -> None:
    order = document_of("kiwify/order_approved_card.json")
    del order["webhook_event_type"]
    order["order_status"] = status
    with counted("kiwify", "order_status_only"):
        record = recorded_from("kiwify", order)
    assert record.message_type == message, record.reason


def test_perfectpay_status_key_alone() -> None:
    sale = document_of("perfectpay/approved_card.json")
    del sale["sale_status_enum"]
    with counted("perfectpay", "status_key_only"):
        record = recorded_from("perfectpay", sale)
    assert record.message_type == "payment.succeeded.v1", record.reason


def hotmart_without_currency(name: str = "v2_purchase_approved") -> Any:
    """Return a purchase whose price and full price name no currency."""
    document = document_of(f"hotmart/{name}.json")
    for price in ("price", "full_price"):
        del document["data"]["purchase"][price]["currency_value"]
    return document


def test_hotmart_currency_of_an_offer_of_the_same_value() -> None:
    document = hotmart_without_currency()
    document["data"]["commissions"] = []
    with counted("hotmart", "currency_elsewhere"):
        message = message_in(recorded_from("hotmart", document))
    assert (message.amount_minor, message.currency) == (59430, "BRL")


@pytest.mark.parametrize(("value", "offer"), [("594,30", "594,30"), ("594,30", 594.3), ("R$ 1.594,30", 1594.3)])
def test_hotmart_prices_with_a_comma_are_compared_as_amounts(value: str, offer: float | str) -> None:
    document = hotmart_without_currency()
    document["data"]["commissions"] = []
    purchase = document["data"]["purchase"]
    purchase["price"]["value"] = purchase["full_price"]["value"] = value
    purchase["original_offer_price"]["value"] = offer
    assert message_in(recorded_from("hotmart", document)).currency == "BRL"


@pytest.mark.parametrize("named", ["MARKETPLACE", "PRODUCER", "both"])
def test_hotmart_currency_of_commissions_that_add_up_to_the_price(named: str) -> None:
    document = hotmart_without_currency()
    del document["data"]["purchase"]["original_offer_price"]
    for commission in document["data"]["commissions"]:
        if named not in ("both", commission["source"]):
            del commission["currency_value"]
    with counted("hotmart", "currency_elsewhere"):
        assert message_in(recorded_from("hotmart", document)).currency == "BRL"


def test_hotmart_currency_of_one_price_is_that_of_the_other() -> None:
    document = hotmart_without_currency("v2_purchase_approved_foreign_currency")
    document["data"]["purchase"]["price"]["currency_value"] = "EUR"
    message = message_in(recorded_from("hotmart", document))
    assert (message.amount_minor, message.currency) == (40467, "EUR")


def test_a_foreign_hotmart_purchase_without_a_currency_is_not_taken_for_the_producers() -> None:
    record = recorded_from("hotmart", hotmart_without_currency("v2_purchase_approved_foreign_currency"))
    assert (record.status, record.reason) == ("quarantined", "currency_value is missing")


def test_hotmart_commissions_in_two_currencies_prove_nothing() -> None:
    document = hotmart_without_currency()
    del document["data"]["purchase"]["original_offer_price"]
    document["data"]["commissions"][0]["currency_value"] = "USD"
    assert recorded_from("hotmart", document).status == "quarantined"


def test_a_foreign_perfectpay_sale_without_a_currency_is_not_taken_for_the_producers() -> None:
    sale = document_of("perfectpay/approved_usd.json")
    del sale["currency_enum"], sale["currency_enum_key"]
    record = recorded_from("perfectpay", sale)
    assert (record.status, record.reason) == ("quarantined", "a currency that PerfectPay does not document")


def test_hotmart_dates_without_a_zone_are_in_sao_paulo() -> None:
    document = document_of("hotmart/v1_purchase_approved.json")
    document["confirmation_purchase_date"] = "2026-03-10 11:22:33"
    record = recorded_from("hotmart", document)
    assert record.occurred_at.isoformat() == "2026-03-10T14:22:33+00:00", record.reason
