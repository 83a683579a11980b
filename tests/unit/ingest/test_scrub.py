import orjson
import pytest

from orylo_common.identity import Identity, Person, hash_of, identify, token
from orylo_ingest.personal_keys import Kind, kind_of
from orylo_ingest.scrub import MAX_BYTES, MAX_DEPTH, MAX_ITEMS, MAX_TEXT, scrub

MARIANA = identify(
    Person(email="mariana@example.com", phone="+5511987650001", name="Mariana Souza", document="11144477735")
)


@pytest.mark.parametrize(
    ("key", "parent", "kind"),
    [
        ("email", "buyer", Kind.EMAIL),
        ("customer_email_address", "evidence", Kind.EMAIL),
        ("supportEmail", "product", Kind.EMAIL),
        ("name", "buyer", Kind.NAME),
        ("name", "producer", Kind.NAME),
        ("name", "object", Kind.NAME),
        ("name", "product", Kind.KEEP),
        ("name", "plan", Kind.KEEP),
        ("name", "checkout_country", Kind.KEEP),
        ("prod_name", "", Kind.KEEP),
        ("producer_name", "", Kind.NAME),
        ("productName", "", Kind.KEEP),
        ("nome", "cliente", Kind.NAME),
        ("CPF", "Customer", Kind.DOCUMENT),
        ("document_type", "buyer", Kind.KEEP),
        ("value", "tax_ids", Kind.DOCUMENT),
        ("value", "price", Kind.KEEP),
        ("number", "address", Kind.OTHER),
        ("number", "object", Kind.KEEP),
        ("state", "Customer", Kind.STATE),
        ("state", "machine", Kind.KEEP),
        ("status", "buyer", Kind.KEEP),
        ("client_secret", "object", Kind.DROP),
        ("hottok", "", Kind.DROP),
        ("network_token", "card", Kind.KEEP),
        ("country", "address", Kind.KEEP),
    ],
)
def test_a_key_is_judged_by_its_name_and_the_one_above(key: str, parent: str, kind: Kind) -> None:
    assert kind_of(key, parent) is kind


def test_structure_stays_and_people_go() -> None:
    document = {
        "id": "evt_1",
        "buyer": {"email": "mariana@example.com", "name": "Mariana Souza", "age": 30, "phone": None, "note": ""},
        "items": [{"name": "Course", "price": 10.5}, {"name": "Book", "price": 3}],
        "paid": True,
    }
    scrubbed = orjson.loads(scrub(document, MARIANA))
    assert scrubbed == {
        "id": "evt_1",
        "buyer": {
            "email": token("mariana@example.com"),
            "name": f"{token('mariana')} {token('souza')}",
            "age": 30,
            "phone": None,
            "note": "",
        },
        "items": [{"name": "Course", "price": 10.5}, {"name": "Book", "price": 3}],
        "paid": True,
        "orylo": {"flags": MARIANA.flags},
    }
    assert document == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "please write to mariana@example.com soon",
        "for Mariana Souza",
        "call +55 (11) 98765-0001",
        "cpf 111.444.777-35",
        "cnpj 11.222.333/0001-81",
        "card 4242 4242 4242 4242",
        "other.person+tag@mail.example.org",
    ],
)
def test_people_in_other_texts_are_found(text: str) -> None:
    document = {"metadata": {"comment": text, text: "x"}, "list": ["a", [text]]}
    kept = scrub(document, MARIANA).decode()
    for clear in ("mariana@", "Mariana", "98765", "111.444", "11.222", "4242 4242", "other.person"):
        assert clear not in kept


def test_a_number_that_is_a_card_is_masked_and_other_numbers_stay() -> None:
    scrubbed = orjson.loads(scrub({"a": 4242424242424242, "b": 1773163446418, "c": 1.5}, Identity()))
    assert scrubbed == {"a": "[card]", "b": 1773163446418, "c": 1.5}


def test_numbers_under_personal_keys_are_hashed_too() -> None:
    assert orjson.loads(scrub({"buyer": {"phone": 5511987650001}}, Identity()))["buyer"]["phone"] == token(
        "5511987650001"
    )


def test_secrets_are_gone_with_their_keys() -> None:
    document = {"token": "t", "hottok": "h", "nested": [{"client_secret": "c", "cvv": 123, "id": 1}]}
    assert orjson.loads(scrub(document, Identity())) == {"nested": [{"id": 1}]}


def test_addresses_are_hashed_where_they_stand() -> None:
    document = {"address": {"line1": "Rua A, 1", "city": "São Paulo", "postal_code": "01310-100", "country": "BR"}}
    assert orjson.loads(scrub(document, Identity()))["address"] == {
        "line1": token("rua a, 1"),
        "city": token("sãopaulo"),
        "postal_code": token("01310100"),
        "country": "BR",
    }


def test_sizes_are_bounded() -> None:
    assert len(orjson.loads(scrub({"a": "x" * 10_000}, Identity()))["a"]) == MAX_TEXT
    assert len(orjson.loads(scrub({"a": [1] * 1000}, Identity()))["a"]) == MAX_ITEMS
    huge = {f"k{number}": "x" * 4000 for number in range(200)}
    assert len(scrub(huge, Identity())) < MAX_BYTES


def test_depth_is_bounded() -> None:
    deep: dict[str, object] = {}
    innermost = deep
    for _ in range(500):
        child: dict[str, object] = {}
        innermost["a"] = child
        innermost = child
    assert scrub(deep, Identity()).count(b"{") <= MAX_DEPTH + 2
    nested: list[object] = []
    for _ in range(500):
        nested = [nested]
    assert scrub({"a": nested}, Identity()).count(b"[") <= MAX_DEPTH + 2


def test_what_is_no_object_is_scrubbed_as_well() -> None:
    assert orjson.loads(scrub(["mariana@example.com", 1], MARIANA)) == [token("mariana@example.com"), 1]
    assert orjson.loads(scrub("mariana@example.com", MARIANA)) == token("mariana@example.com")


def test_scrubbing_twice_changes_nothing() -> None:
    once = scrub(
        {"buyer": {"email": "x@y.zz", "name": "A B", "phone": "11987650001"}, "note": "see x@y.zz"}, Identity()
    )
    assert scrub(orjson.loads(once), Identity()) == once


def test_hashes_are_of_the_normalised_value() -> None:
    scrubbed = orjson.loads(scrub({"buyer": {"email": " X@Y.zz "}}, Identity()))
    assert scrubbed["buyer"]["email"] == f"sha256:{hash_of('x@y.zz')}"
