"""Amounts, times and flags in the notations of gateways, of relays and of people."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orylo_ingest.gateways.fields import SAO_PAULO, any_moment_or_none, flag, minor_units_of
from orylo_ingest.gateways.port import UnprocessableEvent
from tests.unit.ingest.given import RECEIVED_AT, document_of, message_in, recorded_from


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        (97.5, "BRL", 9750),
        ("1497.00", "BRL", 149700),
        ("1.497,00", "BRL", 149700),
        ("1,497.00", "BRL", 149700),
        ("1497,5", "BRL", 149750),
        ("R$ 97,00", "BRL", 9700),
        ("US$97.00", "USD", 9700),
        ("BRL 97.00", "BRL", 9700),
        ("1.234.567", "BRL", 123456700),
        ("1,234,567.89", "BRL", 123456789),
        ("97.000000", "BRL", 9700),
        ("1500.00", "JPY", 1500),
        ("1.500", "KWD", 1500),
        ("1.234,500", "KWD", 1234500),
        ("0,00", "BRL", 0),
    ],
)
def test_an_amount_is_read_as_it_is_written(value: Any, currency: str, minor: int) -> None:
    assert minor_units_of(value, currency, "price") == minor


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        ("1.497", "BRL"),
        ("1,497", "BRL"),
        ("1.500", "JPY"),
        ("12.34.56", "BRL"),
        ("", "BRL"),
        (True, "BRL"),
        ([], "BRL"),
    ],
)
def test_an_amount_that_may_be_a_thousandfold_is_not_read(value: Any, currency: str) -> None:
    with pytest.raises(UnprocessableEvent, match="price is not an amount"):
        minor_units_of(value, currency, "price")


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-01T15:30:00Z",
        "2026-05-01 12:30:00",
        "2026-05-01 12:30:00 -0300",
        "2026-05-01 15:30:00 UTC",
        "01/05/2026 12:30",
        "1777649400",
        1777649400000,
    ],
)
def test_a_time_is_read_in_any_notation(value: Any) -> None:
    assert any_moment_or_none(value, "at", SAO_PAULO) is not None
    at, _ = any_moment_or_none(value, "at", SAO_PAULO) or (None, "")
    assert at == datetime(2026, 5, 1, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", " ", 0, "0000-00-00 00:00:00", "0000-00-00"])
def test_a_time_of_zeros_is_missing(value: Any) -> None:
    assert any_moment_or_none(value, "at", SAO_PAULO) is None


@pytest.mark.parametrize(("value", "true"), [(True, True), ("true", True), (1, True), ("1", True), ("false", False)])
def test_a_flag_may_be_text_or_a_number(value: Any, true: bool) -> None:
    assert flag(value) is true


def test_perfectpay_without_an_approval_time_is_dated_by_its_creation() -> None:
    sale = document_of("perfectpay/approved_card.json")
    sale["date_approved"] = "0000-00-00 00:00:00"
    sale["sale_status_enum"], sale["sale_status_enum_key"] = None, "APPROVED"
    sale["sale_amount"] = "1.497,00"
    message = message_in(recorded_from("perfectpay", sale))
    assert message.occurred_at < RECEIVED_AT
    assert message.amount_minor == 149700


def test_hotmart_as_a_relay_rewrites_it() -> None:
    document = document_of("hotmart/v2_purchase_approved.json")
    del document["creation_date"]
    purchase = document["data"]["purchase"]
    purchase |= {
        "approved_date": "2026-05-01 12:30:00",
        "order_date": 0,
        "full_price": {"value": None, "currency_value": None},
        "price": {"value": "1.497,00", "currency_value": "BRL"},
        "order_bump": {"is_order_bump": "true", "parent_purchase_transaction": "HP1"},
    }
    message = message_in(recorded_from("hotmart", document))
    assert message.occurred_at == datetime(2026, 5, 1, 15, 30, tzinfo=UTC)
    assert message.amount_minor == 149700
    assert message.order_bump
    assert message.order_bump_of == "hotmart:HP1"


def test_hotmart_without_any_time_happened_when_it_arrived() -> None:
    document = document_of("hotmart/v2_purchase_refunded.json")
    del document["creation_date"]
    assert message_in(recorded_from("hotmart", document)).occurred_at == RECEIVED_AT
