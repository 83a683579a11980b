import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_ingest.privacy.person import Person, identify
from orylo_ingest.privacy.tax_numbers import issuing_country


@pytest.mark.parametrize(
    "document",
    [
        "529.982.247-25",
        "52998224725",
        " 529 982 247 25 ",
        "11.222.333/0001-81",
        "11222333000181",
        # The Receita Federal's example of a CNPJ with letters.
        "12.ABC.345/01DE-35",
        "12abc34501de35",
    ],
)
def test_a_cpf_or_cnpj_is_brazilian(document: str) -> None:
    assert issuing_country(document) == "BR"
    assert identify(Person(document=document)).flags == {"document_country": "BR"}


@pytest.mark.parametrize(
    "document",
    [
        "529.982.247-26",
        "529.982.247-35",
        "11.222.333/0001-82",
        "12.ABC.345/01DE-36",
        # Fillers, whose check digits fit.
        "111.111.111-11",
        "00000000000000",
        # An Argentine CUIT, a Peruvian RUC, a Spanish CIF, a Portuguese NIF, a masked CPF, and other lengths.
        "20-12345678-6",
        "20100070971",
        "A58818501",
        "123456789",
        "***.982.247-**",
        "5299822472",
        "529982247255",
        "",
        "sha256:" + "0" * 64,
        # Digits of another script.
        "٥٢٩٩٨٢٢٤٧٢٥",
    ],
)
def test_any_other_document_has_no_country(document: str) -> None:
    assert issuing_country(document) is None
    assert "document_country" not in identify(Person(document=document)).flags


@given(st.text())
def test_any_text_is_accepted(document: str) -> None:
    assert issuing_country(document) in (None, "BR")


@given(st.integers(0, 999_999_999), st.integers(0, 99))
def test_at_most_one_pair_of_check_digits_fits(base: int, digits: int) -> None:
    fitting = [pair for pair in range(100) if issuing_country(f"{base:09d}{pair:02d}")]

    assert len(fitting) <= 1
    assert (digits in fitting) == (issuing_country(f"{base:09d}{digits:02d}") == "BR")
