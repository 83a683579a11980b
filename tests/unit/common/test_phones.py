import pytest
from facebook_business.adobjects.serverside.normalize import Normalize

from orylo_common.hashing import hash_of
from orylo_common.phones import phone_country, phone_digits


def test_metas_documented_number_gives_the_documented_hash() -> None:
    digits = phone_digits("(650)555-1212", "US")
    assert digits == "16505551212"
    assert hash_of(digits) == "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"


@pytest.mark.parametrize("value", ["+5511987650001", "+1 (650) 555-1212", "0049 30 123456"])
def test_the_sdk_hashes_numbers_with_a_country_code_the_same(value: str) -> None:
    assert hash_of(phone_digits(value) or "") == Normalize.normalize_field("ph", value)


@pytest.mark.parametrize(
    ("value", "country", "expected"),
    [
        ("11987650001", "BR", "5511987650001"),
        ("(11) 98765-0001", "BR", "5511987650001"),
        ("011 98765 0001", "BR", "5511987650001"),
        ("5511987650001", "BR", "5511987650001"),
        ("5511987650001", None, "5511987650001"),
        ("1132345678", "BR", "551132345678"),
        # Area 55 is in the south of Brazil, and 55 is the country's code too.
        ("55987650001", "BR", "5555987650001"),
        ("987650001", "BR", None),
        ("16505551212", "US", "16505551212"),
        ("0151 23456789", "DE", "4915123456789"),
        ("491512345678", "DE", "491512345678"),
        ("912345678", "PT", "351912345678"),
        ("+44 (0)20 7946 0958", None, "442079460958"),
        ("+1 650 555 1212 ext. 12", None, "16505551212"),
        ("+５５11987650001", None, "5511987650001"),
        ("650.555.1212", "US", "16505551212"),
        ("6505551212", None, None),
        ("call me", "US", None),
        ("+123456789012345678", None, None),
        ("123", "DE", None),
        # Trunk prefixes, with a carrier's code and as forms of the time of carrier selection show them.
        ("+55 (0xx11) 98765-4321", None, "5511987654321"),
        ("(0xx11) 98765-4321", "BR", "5511987654321"),
        ("0 15 11 98765-4321", "BR", "5511987654321"),
        ("0 (xx) 11 98765-4321", "BR", "5511987654321"),
        ("+55 011 98765-4321", None, "5511987654321"),
        ("55 011 98765-4321", "BR", "5511987654321"),
        ("+440 20 7946 0958", None, "442079460958"),
        ("+39 06 12345678", None, "390612345678"),
        # The code twice: once by the form, once by the buyer.
        ("+55 55 11 98765-4321", None, "5511987654321"),
        ("555511987654321", "BR", "5511987654321"),
        # A plus sign before an area code.
        ("+11 98765-4321", "BR", "5511987654321"),
        ("+55 98765-4321", None, None),
        ("tel:+5511987654321", None, "5511987654321"),
        ("WhatsApp: 11 98765-4321", "BR", "5511987654321"),
        # Words before and after.
        ("Tel 11 98765-4321", "BR", "5511987654321"),
        ("Celular (11) 98765-4321", "BR", "5511987654321"),
        ("BR +55 11 98765-4321", None, "5511987654321"),
        ("11987654321 (WhatsApp)", "BR", "5511987654321"),
        ("11 98765-4321 - Ana", "BR", "5511987654321"),
        ("(11) 98765-4321 ou (11) 3456-7890", "BR", "5511987654321"),
        ("11 98765-432X", "BR", None),
        ("1 800 FLOWERS", "US", None),
        # A number of the United States. A Brazilian one of nine digits begins with 9.
        ("12125550143", "BR", None),
        ("1212555014", "BR", None),
        ("11 98765-4321 / 11 3456-7890", "BR", "5511987654321"),
        ("+1 212 555 0123#12", None, "12125550123"),
        ("+55 11 98765-4321 r. 2", None, "5511987654321"),
        ("5511987654321.0", "BR", "5511987654321"),
        ("55(11)987654321", None, "5511987654321"),
        # Prefixes that Mexico gave up in 2019.
        ("+52 1 55 1234 5678", None, "525512345678"),
        ("5215512345678", "MX", "525512345678"),
        ("044 55 1234 5678", "MX", "525512345678"),
        ("55 1234 5678", "MX", "525512345678"),
        ("011 15 2345-6789", "AR", "5491123456789"),
        ("+54 11 15 2345 6789", None, "5491123456789"),
        ("+54 9 11 2345-6789", None, "5491123456789"),
        # Typed only because the field is required.
        ("99999999999", "BR", None),
        ("(11) 11111-1111", "BR", None),
        ("+1 222 222 2222", None, None),
    ],
)
def test_digits_with_country_code(value: str, country: str | None, expected: str | None) -> None:
    assert phone_digits(value, country) == expected


@pytest.mark.parametrize(
    ("digits", "country"),
    [
        ("5511987650001", "BR"),
        ("16505551212", "US"),
        ("14165550100", "CA"),
        ("442079460958", "GB"),
        ("351912345678", "PT"),
        ("79161234567", "RU"),
        ("0000000", None),
    ],
)
def test_the_country_of_a_number(digits: str, country: str | None) -> None:
    assert phone_country(digits) == country
