from uuid import UUID

from orylo_common.hashing import hash_of
from orylo_ingest.privacy.person import Person, customer_id, identify

TENANT = UUID("01900000-0000-7000-8000-000000000001")
MARIANA = Person(
    email=" Mariana.Souza@Example.com ",
    phone="11987650001",
    name="Mariana Souza Lima",
    document="111.444.777-35",
    birth_date="1991-04-05",
    city="São Paulo",
    state="SP",
    zip="01310-100",
    country="Brasil",
)


def test_every_field_is_hashed_as_meta_documents_it() -> None:
    keys = identify(MARIANA).match_keys
    assert keys == {
        "email": hash_of("mariana.souza@example.com"),
        "phone": hash_of("5511987650001"),
        "first_name": hash_of("mariana"),
        "last_name": hash_of("souza lima"),
        "birth_date": hash_of("19910405"),
        "city": hash_of("sãopaulo"),
        "state": hash_of("sp"),
        "zip": hash_of("01310100"),
        "country": hash_of("br"),
    }


def test_flags_are_computed_from_clear_text() -> None:
    assert identify(MARIANA).flags == {
        "disposable_email": False,
        "email_domain_hash": hash_of("example.com"),
        "phone_country": "BR",
        "billing_country": "BR",
        "document_country": "BR",
    }
    assert identify(Person(email="x@mailinator.com")).flags["disposable_email"] is True
    assert identify(Person(email="x@eu.mailinator.com")).flags["disposable_email"] is True


def test_tokens_give_the_same_keys_as_the_clear_text() -> None:
    identity = identify(MARIANA)
    again = identify(
        Person(
            email=identity.tokens[MARIANA.email or ""],
            phone=identity.tokens[MARIANA.phone or ""],
            name=identity.tokens[MARIANA.name or ""],
            document=identity.tokens[MARIANA.document or ""],
            birth_date=identity.tokens[MARIANA.birth_date or ""],
            city=identity.tokens[MARIANA.city or ""],
            state=identity.tokens[MARIANA.state or ""],
            zip=identity.tokens[MARIANA.zip or ""],
            country=MARIANA.country,
        )
    )
    assert again.match_keys == identity.match_keys


def test_separate_names_take_precedence_over_the_full_name() -> None:
    keys = identify(Person(name="A B C", first_name="Ana", last_name="Costa")).match_keys
    assert keys == {"first_name": hash_of("ana"), "last_name": hash_of("costa")}


def test_short_words_are_not_replaced_inside_other_texts() -> None:
    identity = identify(Person(name="Ana", email="ana@example.com"))
    assert [known.flat for known in identity.known] == ["anaexamplecom"]


def test_a_name_in_two_parts_is_known_as_a_whole() -> None:
    identity = identify(Person(first_name="Mariana", last_name="Souza"))
    (known,) = identity.known
    assert (known.flat, known.token) == ("marianasouza", f"sha256:{hash_of('mariana')} sha256:{hash_of('souza')}")
    again = identify(Person(first_name=identity.tokens["Mariana"], last_name=identity.tokens["Souza"]))
    assert again.known == []


def test_empty_fields_give_no_keys_and_no_flags() -> None:
    identity = identify(Person(email="", phone=None, name="  ", document="---"))
    assert identity.match_keys == {}
    assert identity.flags == {}


def test_the_best_identifier_decides_the_customers_id() -> None:
    keys = identify(MARIANA).match_keys
    by_email = customer_id(TENANT, keys, gateway_customer="stripe:cus_1", card_fingerprint="f")
    assert by_email == customer_id(TENANT, {"email": keys["email"]})
    assert by_email is not None
    assert by_email.startswith("cus_")
    assert len(by_email) == 36

    by_phone = customer_id(TENANT, {"phone": keys["phone"]}, document="d" * 64)
    by_document = customer_id(TENANT, {}, document="d" * 64, gateway_customer="stripe:cus_1")
    by_gateway = customer_id(TENANT, {}, gateway_customer="stripe:cus_1", card_fingerprint="f")
    by_card = customer_id(TENANT, {}, card_fingerprint="f")
    assert len({by_email, by_phone, by_document, by_gateway, by_card}) == 5
    assert customer_id(TENANT, {}) is None


def test_two_tenants_do_not_share_a_customer() -> None:
    keys = identify(MARIANA).match_keys
    assert customer_id(TENANT, keys) != customer_id(UUID(int=2), keys)
