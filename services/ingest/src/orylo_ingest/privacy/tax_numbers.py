"""Recognise Brazilian tax numbers by their check digits."""

import re
from operator import mul

_PUNCTUATION = str.maketrans("", "", ".-/ ")
_CPF = re.compile(r"[0-9]{11}")
# Since July 2026 the first twelve characters may be letters (Receita Federal, IN 2.229/2024).
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
# The weights of the characters before the first and before the second check digit.
_CPF_WEIGHTS: tuple[tuple[int, ...], ...] = ((10, 9, 8, 7, 6, 5, 4, 3, 2), (11, 10, 9, 8, 7, 6, 5, 4, 3, 2))
_CNPJ_WEIGHTS: tuple[tuple[int, ...], ...] = (
    (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2),
    (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2),
)


def issuing_country(document: str) -> str | None:
    """Return BR for a valid CPF or CNPJ, with or without punctuation, else None: other numbers are not recognised."""
    text = document.translate(_PUNCTUATION)
    if _CPF.fullmatch(text):
        weights = _CPF_WEIGHTS
    elif _CNPJ.fullmatch(text := text.upper()):
        weights = _CNPJ_WEIGHTS
    else:
        return None
    # Repeated digits fit, but are fillers.
    if text == text[0] * len(text):
        return None
    # A letter's value is its ASCII code less that of 0, like a digit's.
    values = [code - 48 for code in text.encode()]
    fits = all(values[len(each)] == _check_digit(values, each) for each in weights)
    return "BR" if fits else None


def _check_digit(values: list[int], weights: tuple[int, ...]) -> int:
    remainder = sum(map(mul, values, weights)) % 11
    return 0 if remainder < 2 else 11 - remainder
