"""Cells of CSV files that no spreadsheet executes, however it splits their lines."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.csv_rows import csv_line, escaped_cell, unescaped_cell

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

cells = st.text(alphabet=st.sampled_from([*"ab'\",;=+-@\t\r\n ", "＝"]), max_size=12)


@pytest.mark.parametrize(
    "attack",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "Curso;=1+1",
        "Curso;'=1",
        'x";=1',
        "Curso\n=1",
        "Curso\r\n=1",
        "a\t@b",
        'a;"=1',
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_begins_as_a_formula_whatever_separates_them(attack: str, delimiter: str) -> None:
    line = csv_line(["2026-01-01", escaped_cell(attack), "x"])

    for row in csv.reader(line.splitlines(keepends=True), delimiter=delimiter):
        for cell in row:
            assert not cell.lstrip('"').startswith(FORMULAS), row


@given(cells)
def test_an_escaped_cell_is_restored(text: str) -> None:
    assert unescaped_cell(escaped_cell(text)) == text


@pytest.mark.parametrize("text", ["Curso; módulo 2", "a;b", "10-20", "Ana+Bia", "x = y", ""])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert escaped_cell(text) == text
