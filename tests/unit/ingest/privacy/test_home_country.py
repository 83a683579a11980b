"""The country of a phone number without a country code, and identifiers that arrive as hashes."""

from hashlib import sha256
from typing import Any

import orjson
import pytest

from orylo_ingest.gateways.phones import phone_with_area
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.privacy.person import Person, identify
from tests.unit.ingest.given import document_of, message_in, recorded_from


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def phone(home_country: str | None = None, **person: Any) -> str | None:
    return identify(Person(**person), home_country=home_country).match_keys.get("phone")


@pytest.mark.parametrize(
    ("home_country", "person", "digits"),
    [
        (None, {"phone": "+351912345678", "country": "BR"}, "351912345678"),
        ("BR", {"phone": "00351912345678", "country": "BR"}, "351912345678"),
        ("BR", {"phone": "912345678", "country": "PT"}, "351912345678"),
        ("PT", {"phone": "(34) 99876-5001", "country": "BR"}, "5534998765001"),
        ("BR", {"phone": "(34) 99876-5001"}, "5534998765001"),
        ("BR", {"phone": "55998765001"}, "5555998765001"),
        ("BR", {"phone": "5534998765001"}, "5534998765001"),
        ("PT", {"phone": "912345678", "currency": "brl"}, "351912345678"),
        (None, {"phone": "34998765001", "currency": "brl"}, "5534998765001"),
        (None, {"phone": "34998765001", "currency": "usd"}, None),
        (None, {"phone": "34998765001"}, None),
        (None, {"phone": "11987654321"}, None),
        (None, {"phone": "5534998765001"}, "5534998765001"),
        (None, {"phone": "015123456789"}, None),
    ],
)
def test_a_national_number_is_read_as_one_of_the_first_country_known(
    home_country: str | None, person: dict[str, Any], digits: str | None
) -> None:
    assert phone(home_country, **person) == (sha(digits) if digits else None)


@pytest.mark.parametrize(
    ("number", "area", "joined"),
    [
        ("981234567", "98", "98981234567"),
        ("991234567", "99", "99991234567"),
        ("998765001", "55", "55998765001"),
        ("31234567", "31", "3131234567"),
        ("98981234567", "98", "98981234567"),
        ("3131234567", "31", "3131234567"),
        ("981234567", "098", "98981234567"),
        ("+351912345678", "11", "+351912345678"),
    ],
)
def test_an_area_code_is_added_unless_the_number_has_it(number: str, area: str, joined: str) -> None:
    assert phone_with_area(number, area) == joined


def test_hashes_are_kept_as_they_are() -> None:
    person = Person(
        email=sha("ana@example.com"),
        phone=sha("5534998765001").upper(),
        first_name=sha("ana"),
        last_name=sha("prado"),
        document=sha("52998224725"),
        city=sha("recife"),
        zip=sha("50010000"),
        country=sha("br"),
    )
    identity = identify(person, home_country="BR")
    assert identity.match_keys == {
        "email": sha("ana@example.com"),
        "phone": sha("5534998765001"),
        "first_name": sha("ana"),
        "last_name": sha("prado"),
        "city": sha("recife"),
        "zip": sha("50010000"),
        "country": sha("br"),
    }


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=ISO-8859-1", b"name=Jos%E9"),
        ('application/x-www-form-urlencoded; charset="windows-1252"', b"name=Jos\xe9"),
        ("application/x-www-form-urlencoded", b"name=Jos%C3%A9"),
        # A client that declares a charset and then encodes as UTF-8.
        ("application/x-www-form-urlencoded; charset=ISO-8859-1", b"name=Jos%C3%A9"),
        ("application/x-www-form-urlencoded; charset=klingon", b"name=Jos%C3%A9"),
        ("application/x-www-form-urlencoded", b"name=Jos%E9"),
        ("", b"name=Jos\xe9"),
    ],
)
def test_a_form_is_read_in_its_charset(content_type: str, body: bytes) -> None:
    assert RawWebhook({"Content-Type": content_type}, "", body).document() == {"name": "José"}


def test_a_form_that_was_cut_in_a_character_is_still_utf_8() -> None:
    form = RawWebhook({}, "", b"city=S%C3%A3o+Paulo&name=Jo%C3").document()
    assert form == {"city": "São Paulo", "name": "Jo\ufffd"}


def test_a_name_with_a_lost_character_is_not_hashed() -> None:
    document = document_of("hotmart/v1_purchase_approved.json")
    document |= {"first_name": "Jo\ufffd", "last_name": "Silva", "name": "Jo\ufffd Silva"}
    record = recorded_from("hotmart", document)
    assert message_in(record).match_keys.first_name is None
    assert message_in(record).match_keys.last_name == sha("silva")
    assert "Jo" not in orjson.loads(record.payload)["first_name"]
    assert "Silva" not in record.payload.decode()


@pytest.mark.parametrize(
    ("extension", "area", "number", "digits"),
    [
        ("55", "11", "98765-4321", "5511987654321"),
        ("55", "11", "11987654321", "5511987654321"),
        ("55", "11", "+55 11 98765-4321", "5511987654321"),
        ("55", "98", "981234567", "5598981234567"),
        ("351", None, "912345678", "351912345678"),
        # Without its country code, a number of Brazil: +55 34 61234-5678.
        ("34", None, "612345678", "34612345678"),
        ("+1", "212", "555-0143", "12125550143"),
    ],
)
def test_perfectpays_first_part_is_the_country_code(extension: str, area: str | None, number: str, digits: str) -> None:
    assert perfectpay_phone(extension, area, number) == sha(digits)


def test_perfectpays_number_may_be_a_hash_beside_its_other_parts() -> None:
    assert perfectpay_phone("55", "11", sha("5511987654321").upper()) == sha("5511987654321")


def perfectpay_phone(extension: str, area: str | None, number: str) -> str | None:
    sale = document_of("perfectpay/approved_card.json")
    for formatted in ("phone_formated", "phone_formated_ddi"):
        sale["customer"].pop(formatted, None)
    sale["customer"] |= {"phone_extension": extension, "phone_area_code": area, "phone_number": number}
    phone: str | None = message_in(recorded_from("perfectpay", sale)).match_keys.phone
    return phone
