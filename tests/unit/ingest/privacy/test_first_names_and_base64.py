"""The buyer's first name on its own, and emails in Base64, do not stay in clear."""

from base64 import b64encode, urlsafe_b64encode

import orjson
import pytest

from orylo_common.hashing import token
from orylo_ingest.privacy.person import HashedIdentity, Person, identify
from orylo_ingest.privacy.scrub import scrub

EMAIL = "mariana.souza+loja@example.com"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Mariana Souza", "Obrigada, Mariana!"),
        ("Mariana Souza", "MARIANA pediu desconto"),
        ("Ana Lima", "para a Ana."),
        ("José da Silva", "José pagou"),
        ("José da Silva", "jose pagou"),
        ("Érica Dias", "entregar a ÉRICA hoje"),
        ("Mariana Souza", "https://x.example/?nome=Mariana&x=1"),
        ("Mariana Souza", "https://x.example/?nome%3DMariana"),
    ],
)
def test_a_first_name_is_replaced_in_text_that_people_write(name: str, written: str) -> None:
    for person in (Person(name=name), Person(first_name=name.split()[0])):
        kept = orjson.loads(scrub({"x": [{"y": written}]}, identify(person)))["x"][0]["y"]
        assert token(name.split()[0].lower()) in kept
        assert name.split()[0].lower() not in kept.lower().replace("%3d", "=")


def test_a_note_may_consist_of_the_first_name() -> None:
    kept = orjson.loads(scrub({"observacao": "Mariana"}, identify(Person(name="Mariana Souza"))))
    assert kept == {"observacao": token("mariana")}


@pytest.mark.parametrize("first", ["Approved", "Paid", "Brl", "Rosa"])
def test_words_that_programs_read_stay(first: str) -> None:
    document = {
        "status": first.lower(), "currency": first.upper(), "product": {"name": f"Curso {first}"},
        "order_id": f"{first} 1", "note": f"pre{first}s {first.lower()}mente",
    }  # fmt: skip
    assert orjson.loads(scrub(orjson.loads(orjson.dumps(document)), identify(Person(name=f"{first} Lima")))) == document


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize(
    "clear", [EMAIL, "a@b.co", "josé ~~?? x@y.example", '{"id":1,"email":"x.y@z.example"}', "??>>~~ buyer@mail.example"]
)
def test_an_email_in_base64_is_replaced(encode: object, padded: bool, clear: str) -> None:
    assert callable(encode)
    encoded = encode(clear.encode()).decode()
    encoded = encoded if padded else encoded.rstrip("=")
    for text in (encoded, f"https://x.example/u/?m={encoded}&x=1", f"of {encoded}", f"u_{encoded}", f"/p/{encoded}"):
        kept = scrub({"src": text}, HashedIdentity()).decode()
        assert encoded not in kept
        assert "sha256:" in kept


@pytest.mark.parametrize(
    "text", ["pi_3TstExampleCard0001", "cs_test_a1B2c3D4e5F6g7H8", "Z" * 40, "bWFyaWFuYQ", "0f" * 32, "YWJjQGRlZg"]
)
def test_ids_and_other_base64_stay(text: str) -> None:
    assert orjson.loads(scrub({"src": text}, HashedIdentity())) == {"src": text}
