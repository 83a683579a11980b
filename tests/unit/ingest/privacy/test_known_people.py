"""The person that a payload names is found in its other texts in any spelling."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_ingest.privacy.known_people import flat_bytes, replace_known
from orylo_ingest.privacy.person import Person, identify
from tests.unit.ingest.given import DOCUMENT_KEY

JOAO = identify(
    Person(email="João.D'Avila@example.com", phone="11987650001", phone_region="BR", name="João D’Ávila Conceição",
           document="111.444.777-35"),
    document_key=DOCUMENT_KEY,
)  # fmt: skip


@pytest.mark.parametrize(
    "spelled",
    [
        "João D’Ávila Conceição",
        "JOÃO D’ÁVILA CONCEIÇÃO",
        "JOAO D'AVILA CONCEICAO",
        "joao davila  conceicao",
        "João_DÁvila-Conceição",
        "Joa\u0303o D’A\u0301vila Conceic\u0327a\u0303o",
        "João D’Ávila\tConceição",
        "11144477735",
        "111 444 777 35",
        "111.444.777/35",
        "11987650001",
        "(11) 98765-0001",
        "11 9 8765 0001",
        "5511987650001",
        "+55 11 98765.0001",
        "0055 11 98765-0001",
        "011987650001",
        "8765-0001",
        "JOÃO.D'AVILA@EXAMPLE.COM",
        "\uff11\uff11\uff19\uff18\uff17\uff16\uff15\uff10\uff10\uff10\uff11",
    ],
)
def test_any_spelling_is_found(spelled: str) -> None:
    for text in (spelled, f"for: {spelled}, today", f"({spelled})", f"x={spelled}&y"):
        cleaned = replace_known(text, JOAO.known)
        assert "sha256:" in cleaned or "hmac:" in cleaned
        assert spelled.strip("+0(") not in cleaned
        assert any(known.clue in flat_bytes(text.encode()) for known in JOAO.known) or not spelled.isascii()


@pytest.mark.parametrize("spelled", ["João D’Ávila Conceição", "JOAO D'AVILA CONCEICAO", "JOÃO D’ÁVILA CONCEIÇÃO"])
def test_the_quick_check_ignores_accents(spelled: str) -> None:
    assert any(known.clue in flat_bytes(spelled.encode()) for known in JOAO.known)


@pytest.mark.parametrize(
    "text",
    ["order 1198765000123", "98765000 10", "911144477735", "xJoão D’Ávila Conceição", "JoaoDavilaConceicaozinho", ""],
)
def test_parts_of_other_words_and_numbers_stay(text: str) -> None:
    assert replace_known(text, JOAO.known) == text


def test_each_name_gets_its_own_token_and_the_rest_stays() -> None:
    text = "JOAO D'AVILA CONCEICAO (CPF 11144477735), tel. 11 98765-0001!"
    name, document, phone = (
        JOAO.tokens[clear] for clear in ("João D’Ávila Conceição", "111.444.777-35", "11987650001")
    )
    assert replace_known(text, JOAO.known) == f"{name} (CPF {document}), tel. {phone}!"


@given(st.text(max_size=60))
def test_other_texts_stay(text: str) -> None:
    if "sha256:" not in replace_known(text, JOAO.known):
        assert replace_known(text, JOAO.known) == text


def test_long_texts_are_searched_in_linear_time() -> None:
    started = time.process_time()
    for text in ("1" * 100_000, "8765-0001 " * 10_000, "é" * 100_000, "JOAO D'AVILA CONCEICAO" * 5_000):
        replace_known(text, JOAO.known)
    # It takes a fraction of a second; a quadratic search would take minutes.
    assert time.process_time() - started < 20
