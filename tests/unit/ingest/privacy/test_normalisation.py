"""Normalisation follows Meta's documentation, and its SDK wherever the SDK agrees with it."""

from hashlib import sha256

import pytest
from facebook_business.adobjects.serverside.normalize import Normalize

from orylo_common.hashing import as_hash, hash_of, hashed, token
from orylo_common.identifiers import normalise_document, normalise_email
from orylo_ingest.privacy import normalisation
from orylo_ingest.privacy.document_hashes import DocumentHashes
from tests.unit.ingest.given import DOCUMENT_KEY

DOCUMENTED = [
    (normalise_email, "John_Smith@gmail.com", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
    (normalisation.name, "Mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
    (normalisation.name, "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
    (normalisation.name, "Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    (normalisation.country, "United States", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
]


@pytest.mark.parametrize(("normalise", "value", "digest"), DOCUMENTED)
def test_documented_values_give_the_documented_hashes(normalise: object, value: str, digest: str) -> None:
    assert hashed(value, normalise) == digest  # type: ignore[arg-type]


def test_the_birth_date_in_metas_example_is_in_american_order() -> None:
    expected = "01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c"
    assert hash_of(normalisation.birth_date("2/16/1997", "US") or "") == expected


AGREED = [
    (normalise_email, "em", ["John_Smith@gmail.com", " a.b+tag@Example.co.uk ", "fo'o@bar.com"]),
    (normalisation.name, "fn", ["Mary", "João", " MARIA ", "Maria Clara", "정"]),
    (normalisation.city, "ct", ["São Paulo", "Rio de Janeiro", "St. Louis", "Saint-Denis"]),
    (normalisation.state, "st", ["SP", "Minas Gerais", "N.Y."]),
    (normalisation.zip_code, "zp", ["10115", " 90210 ", "38400123", "SW1A 1AA"]),
    (normalisation.country, "country", ["BR", " us ", "De"]),
]


@pytest.mark.parametrize(
    ("normalise", "key", "value"), [(normalise, key, value) for normalise, key, values in AGREED for value in values]
)
def test_the_sdk_hashes_the_same(normalise: object, key: str, value: str) -> None:
    assert hashed(value, normalise) == Normalize.normalize_field(key, value)  # type: ignore[arg-type]


# The SDK's result, ours, and the reason.
DIFFERENT = [
    (normalisation.name, "fn", "D'Ávila", "dávila", "names are hashed without punctuation"),
    (normalisation.name, "fn", "Maria  Clara", "maria clara", "two spaces are one"),
    (normalisation.city, "ct", "L'Hospitalet", "lhospitalet", "cities are hashed without special characters"),
    (normalisation.zip_code, "zp", "01310-100", "01310100", "only the dash goes, not the three digits behind it"),
    (normalisation.zip_code, "zp", "13.101-000", "13101000", "neither dots nor dashes"),
]


@pytest.mark.parametrize(("normalise", "key", "value", "ours", "why"), DIFFERENT)
def test_the_documentation_wins_where_the_sdk_departs_from_it(
    normalise: object, key: str, value: str, ours: str, why: str
) -> None:
    digest = hashed(value, normalise)  # type: ignore[arg-type]
    assert digest == sha256(ours.encode()).hexdigest()
    assert digest != Normalize.normalize_field(key, value), f"no difference any more: {why}"


@pytest.mark.parametrize("value", ["  ", "\u00a0", "\t\n"])
def test_blanks_are_not_hashed_although_the_sdk_hashes_them(value: str) -> None:
    for normalise in (
        normalise_email,
        normalisation.name,
        normalisation.city,
        normalisation.zip_code,
        normalisation.country,
        normalise_document,
        normalisation.birth_date,
    ):
        assert hashed(value, normalise) is None
    assert Normalize.normalize_field("fn", "  ") == sha256(b"").hexdigest()


@pytest.mark.parametrize("value", ["a@b", "a b@c.de", "a@b@c.de", "x" * 250 + "@a.de", "one@a.de, two@a.de"])
def test_an_invalid_email_is_not_hashed(value: str) -> None:
    assert normalise_email(value) is None


def test_composed_and_decomposed_accents_give_one_hash() -> None:
    assert normalisation.name("José") == normalisation.name("Jose\u0301") == "josé"


def test_vowel_signs_are_kept() -> None:
    assert normalisation.name("कविता") == "कविता"


@pytest.mark.parametrize(
    ("value", "country", "expected"),
    [
        ("1991-04-05", None, "19910405"),
        ("1991-04-05T00:00:00Z", None, "19910405"),
        ("05/04/1991", "BR", "19910405"),
        ("04/05/1991", "US", "19910405"),
        ("16/02/1997", "US", "19970216"),
        ("2/16/1997", "BR", "19970216"),
        ("1991-13-05", None, None),
        ("soon", None, None),
    ],
)
def test_birth_dates(value: str, country: str | None, expected: str | None) -> None:
    assert normalisation.birth_date(value, country) == expected


@pytest.mark.parametrize(
    ("value", "country", "expected"),
    [
        ("94105-1234", "US", "94105"),
        ("941051234", "US", "94105"),
        ("M1 1AE", "GB", "m11"),
        ("SW1A 1AA", "GB", "sw1a1"),
        ("01310-100", "BR", "01310100"),
    ],
)
def test_zip_codes_by_country(value: str, country: str, expected: str) -> None:
    assert normalisation.zip_code(value, country) == expected


def test_states_of_the_united_states_have_two_letters() -> None:
    assert normalisation.state("New York", "US") == "ny"
    assert normalisation.state("New York", None) == "newyork"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Brasil", "br"),
        ("BRA", "br"),
        ("UK", "gb"),
        ("Estados Unidos", "us"),
        ("Alemanha", "de"),
        ("zz", None),
        ("", None),
    ],
)
def test_countries_by_name(value: str, expected: str | None) -> None:
    assert normalisation.country(value) == expected


def test_documents_lose_their_punctuation_and_fillers_are_ignored() -> None:
    assert normalise_document("111.444.777-35") == "11144477735"
    assert normalise_document("12.ABC.345/01DE-35") == "12abc34501de35"
    assert normalise_document("000.000.000-00") is None
    assert normalise_document("111.111.111-11") is None


def test_a_token_gives_the_hash_that_it_holds() -> None:
    made = token("mary")
    assert hashed(made, normalisation.name) == hash_of("mary")


@pytest.mark.parametrize("written", ["{}", " {} ", "sha256:{}", "SHA256:{}", "sha-256={}", "{}.AQECAQIB"])
def test_a_hash_is_recognised_as_senders_write_it(written: str) -> None:
    for digits in (hash_of("mary"), hash_of("mary").upper()):
        assert hashed(written.format(digits), normalisation.name) == hash_of("mary")


@pytest.mark.parametrize("missing", ["", "null", "None", "undefined", "NaN"])
def test_the_hash_of_a_missing_value_identifies_no_one(missing: str) -> None:
    digits = sha256(missing.encode()).hexdigest()
    assert as_hash(digits) is None
    assert hashed(digits, normalisation.name) is None
    assert DocumentHashes(DOCUMENT_KEY).token_of(digits) is None


@pytest.mark.parametrize("value", ["null", "Undefined", "Jo\ufffdo"])
def test_missing_and_damaged_names_are_not_hashed(value: str) -> None:
    assert hashed(value, normalisation.name) is None


@pytest.mark.parametrize(
    "value",
    [
        '"Ana Souza" <Ana@Example.com>',
        "<ana@example.com>",
        "mailto:ana@example.com",
        "ana@example.com.",
        "\u200bana@example.com\ufeff",
    ],
)
def test_an_email_loses_what_is_written_around_it(value: str) -> None:
    assert normalise_email(value) == "ana@example.com"


@pytest.mark.parametrize("value", ["a.n.a+tag@gmail.com", "ana@exämple.com", "josé@example.com"])
def test_an_email_keeps_what_meta_keeps(value: str) -> None:
    assert normalise_email(value) == value


def test_empty_texts_are_never_hashed() -> None:
    with pytest.raises(ValueError, match="nothing"):
        hash_of("")
