"""Screening changes only how long cleaning takes: the result is that of cleaning every text of the document."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orylo_common.control.document_key import DocumentKey
from orylo_common.hashing import token
from orylo_ingest.privacy.cards import mask_card_numbers
from orylo_ingest.privacy.document_cleaning import DocumentCleaner
from orylo_ingest.privacy.document_hashes import DocumentHashes
from orylo_ingest.privacy.free_text import FreeText
from orylo_ingest.privacy.person import HashedIdentity, Person, identify
from orylo_ingest.privacy.personal_keys import is_identifier
from orylo_ingest.privacy.scrub import scrub

FIXTURES = Path("tests/fixtures/gateways")
SECRET = b"whsec_in_use"
BUYERS = [
    Person(email="mariana.souza@example.com", phone="+5511987654321", name="Mariana Souza", document="529.982.247-25"),
    Person(email="jose@exemplo.com.br", phone="11 3456-7890", name="José da Silva", document="11.222.333/0001-81"),
    Person(),
]
FRAGMENTS = [
    "mariana.souza@example.com", "Mariana", "souza", "SOUZA", "mariana|souza", "josé", "jose da silva", "11987654321",
    "(11) 98765-4321", "98765-4321", "+55 11 98765-4321", "529.982.247-25", "52998224725", "11222333000181",
    "11.222.333/0001-81", "4111111111111111", "4111 1111 1111 1111", "3782-822463-10005", "4111", "1111", "x(at)y.com",
    "a [at] b [dot] co", "whsec_in_use", b64encode(b"an.other@example.org").decode(), "HP1234567890123", "order_id",
    "6f1c2b34-0000-4000-8000-0a1b2c3d4e01", "fb.1.1773160000000.1098115397", "&nbsp;", "%40", "%2540", "%5C", "\\", '"',
    " ", "-", ".", "/", "+", "|", "0", "7", "é", "\u00a0", "\u2013", "\uff14", "\n", "sha256:" + 64 * "a",
    "Curso", "paid",
]  # fmt: skip
TEXTS = (
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=6)
    .map("".join)
    .filter(lambda text: text.encode(errors="replace").decode() == text)
)
# Larger ones are written with an exponent.
NUMBERS = st.one_of(st.sampled_from([4111111111111111, 52998224725, 98765, 297.5, 411111111111111.0]),
                    st.integers(-(2**53), 2**53), st.floats(-1e15, 1e15))  # fmt: skip
VALUES = st.recursive(
    st.one_of(TEXTS, NUMBERS, st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def free_text_of(person: Person) -> FreeText:
    identity = identify(person, home_country="BR", document_key=DocumentKey(bytes(32)))
    return FreeText(identity.known, [SECRET], DocumentHashes(DocumentKey(bytes(32))), identity.first_names)


def every_text_cleaned(free_text: FreeText, value: Any, key: str = "") -> Any:
    """Clean without any screen."""
    if isinstance(value, str):
        of_an_id = is_identifier(key)
        if of_an_id and value.startswith("HP") and value[2:].isdecimal() and value.isascii() and 12 <= len(value) <= 18:
            return value
        return free_text.clean(value, key, of_an_id=of_an_id)
    if isinstance(value, dict):
        return {free_text.clean(name): every_text_cleaned(free_text, item, name) for name, item in value.items()}
    if isinstance(value, list):
        if all(type(item) is str and item.isdecimal() for item in value):
            value = mask_card_numbers("|".join(value)).split("|") if value else value
        return [every_text_cleaned(free_text, item, key) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = str(int(value))
        cleaned = free_text.clean(written, of_an_id=is_identifier(key))
        return value if cleaned == written else cleaned
    return value


@settings(max_examples=400, deadline=None)
@given(VALUES, st.sampled_from(BUYERS))
@example({"sha256:" + 64 * "a" + "52998224725": None}, BUYERS[1])
@example("sha256:" + 64 * "a" + b64encode(b"an.other@example.org").decode(), BUYERS[0])
def test_any_document_is_cleaned_as_if_every_text_were(document: Any, person: Person) -> None:
    free_text = free_text_of(person)
    cleaned = DocumentCleaner(free_text).clean(document, free_text.screen())
    assert cleaned == every_text_cleaned(free_text, document)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}")
@pytest.mark.parametrize("person", BUYERS, ids=["Mariana", "José", "unknown"])
def test_a_gateways_document_is_cleaned_as_if_every_text_were(path: Path, person: Person) -> None:
    document, free_text = orjson.loads(path.read_bytes()), free_text_of(person)
    cleaned = DocumentCleaner(free_text).clean(document, free_text.screen())
    assert cleaned == every_text_cleaned(free_text, document)


LARGE = {"notes": ["ordinary text " * 20] * 80}


@pytest.mark.parametrize(
    "text",
    [
        b64encode(b"an.other@example.org").decode(),
        "\\4111111111111111",
        "%5C4111111111111111",
        "mariana#souza#example#com",
    ],
)
def test_what_begins_a_text_or_follows_a_sign_is_found_in_small_and_large_documents(text: str) -> None:
    for other in ({}, LARGE):
        kept = scrub({"src": text, **other}, identify(Person(email="mariana.souza@example.com")))
        assert orjson.dumps(text)[1:-1] not in kept
        assert b"4111111111111111" not in kept


def test_a_secret_with_signs_that_json_escapes_is_removed() -> None:
    kept = scrub({"note": 'the secret is ab"cdef\\gh'}, HashedIdentity(), [b'ab"cdef\\gh'])
    assert orjson.loads(kept) == {"note": "the secret is [secret]"}


def test_texts_beyond_the_budget_are_masked_only_if_they_are_suspicious() -> None:
    free_text = free_text_of(BUYERS[0])
    document = ["a@b.example", "c@d.example", "plain", "Pão de açúcar"]
    cleaned = DocumentCleaner(free_text, budget=11).clean(document, free_text.screen())
    assert cleaned == [token("a@b.example"), "[card]", "plain", "Pão de açúcar"]
