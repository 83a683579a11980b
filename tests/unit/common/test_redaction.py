import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.luhn import passes_luhn
from orylo_common.telemetry.redaction import MAX_TEXT, REDACTED, redact, redact_item, redact_text

SENSITIVE_KEYS = [
    *("email", "customer_email", "customerEmail", "phone", "Phone-Number", "document", "cpf", "name", "first_name"),
    *(
        "token",
        "access_token",
        "hottok",
        "X-HOTMART-HOTTOK",
        "client_secret",
        "password",
        "Authorization",
        "X-Signature",
    ),
    *("Set-Cookie", "api_key", "apiKey", "ORYLO_MASTER_KEY", "ip", "user_agent", "card_number", "buyer_name"),
]
HARMLESS_KEYS = ["event_name", "queue", "tenant_id", "duration_ms", "schema", "type", "gateway", "destination"]


@pytest.mark.parametrize("key", SENSITIVE_KEYS)
def test_values_under_sensitive_keys_are_redacted(key: str) -> None:
    assert redact_item(key, "maria") == REDACTED
    assert redact({"outer": [{key: 5511999998888}]}) == {"outer": [{key: REDACTED}]}


@pytest.mark.parametrize("key", HARMLESS_KEYS)
def test_values_under_other_keys_are_shown(key: str) -> None:
    assert redact_item(key, "maria") == "maria"


def test_none_and_booleans_are_shown_under_any_key() -> None:
    assert redact_item("token", None) is None
    assert redact_item("signature_valid", value=False) is False


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("no account for maria.silva+x@exemplo.com.br, sorry", "silva"),
        ("https://shop.example/?e=maria%40exemplo.com", "maria"),
        ("cannot reach postgresql://orylo:hunt@er2@db:5432/orylo", "er2"),
        ("Authorization: Bearer abc.def-123456", "abc.def"),
        ("GET /v21.0/123/events?access_token=EAAB0123456789abcdefghij&limit=1", "EAAB"),
        ('{"hottok": "f3a9c1"}', "f3a9c1"),
        ("password=hunter2", "hunter2"),
        ("bad secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ"),
        ("key sk_live_51H8abcdefgh refused", "51H8"),
        (f"key orylo_{'k3Y_' * 10}abc refused", "k3Y_"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", "eyJ"),
        ("paid with 4242424242424242.", "4242424242424242"),
        ("paid with 4242 4242 4242 4242", "4242 4242"),
        ("paid with 3782-822463-10005", "822463"),
        ("duplicate key\nDETAIL:  Key (document)=(12345678909) already exists.", "12345678909"),
        ("1 validation error\nfirst_name\n  bad [type=x, input_value='Maria', input_type=str]", "Maria"),
    ],
)
def test_sensitive_patterns_in_texts_are_replaced(text: str, lost: str) -> None:
    cleaned = redact_text(text)

    assert lost not in cleaned
    assert "[" in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "webhook.accepted",
        "019aa1b2-1234-7123-8123-123456789012",
        "stripe:pi_3SVk2cJ0q8Zq1x2y3z4w5v6u",
        "HP1234567890123452",
        "2026-11-20T22:08:42.123456Z",
        "4242424242424241 is not a card, its last digit is wrong",
        "role orylo_detector, module orylo_common.telemetry.redaction",
        "the token has expired, ask for a new one",
    ],
)
def test_ordinary_texts_stay(text: str) -> None:
    assert redact_text(text) == text


def test_integers_that_are_card_numbers_are_replaced() -> None:
    assert redact({"amount_minor": 1250, "reference": 4242424242424242}) == {
        "amount_minor": 1250,
        "reference": "[card]",
    }


def test_other_objects_are_converted_to_text_and_cleaned() -> None:
    class Buyer:
        def __str__(self) -> str:
            return "Buyer(email=maria@exemplo.com)"

    identifier = UUID(int=7)

    assert redact(Buyer()) == "Buyer(email=[email])"
    assert redact(ValueError("maria@exemplo.com")) == "[email]"
    assert redact(Decimal("1.50")) == "1.50"
    assert redact(b"maria@exemplo.com") == "[17 bytes]"
    assert redact(identifier) is identifier


def test_length_and_depth_are_limited() -> None:
    nested: Any = "maria@exemplo.com"
    for _ in range(50):
        nested = [nested]

    assert "maria" not in str(redact(nested))
    assert len(redact_text("x" * 10_000_000)) < MAX_TEXT + 100


@pytest.mark.parametrize("piece", ["a", "a.", "://", "://a:", "token=", "1", "1234 ", "@", "a@a.", "DETAIL:", "eyJa."])
def test_long_texts_are_searched_in_linear_time(piece: str) -> None:
    started = time.process_time()
    redact_text(piece * MAX_TEXT)

    # It takes a fraction of a second; a quadratic search would take minutes.
    assert time.process_time() - started < 20


@given(
    st.recursive(st.text() | st.integers() | st.binary() | st.none(), st.lists) | st.dictionaries(st.text(), st.text())
)
def test_any_value_can_be_cleaned(value: Any) -> None:
    redact(value)


@given(st.from_regex(r"[3-6][0-9]{11,17}", fullmatch=True), st.sampled_from(["card {}", '"{}"', "n={};", "({})"]))
def test_no_luhn_valid_number_survives(digits: str, around: str) -> None:
    check_digit = next(d for d in "0123456789" if passes_luhn(digits + d))

    assert digits not in redact_text(around.format(digits + check_digit))
