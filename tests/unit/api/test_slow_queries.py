"""Texts of statements are shown without values, also where PostgreSQL kept some."""

import pytest

from orylo_api.platform.slow_queries import MAX_TEXT, without_values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SELECT  a\n FROM t1 WHERE b = $1", "SELECT a FROM t1 WHERE b = $1"),
        ("SELECT 'ana@shop.example', E'x\\'y', $$secret$$, $q$it's$q$", "SELECT ?, ?, ?, ?"),
        ("SELECT 'it''s' || 'more'", "SELECT ? || ?"),
        ("SELECT 42, 1.5e-3, .5, col2, $2 LIMIT 10", "SELECT ?, ?, ?, col2, $2 LIMIT ?"),
        ("SELECT 1 /* ana@shop.example */ -- 4242\n FROM t", "SELECT ? FROM t"),
        # In a plain string, a backslash escapes nothing.
        ("SELECT 'C:\\' || 'secret'", "SELECT ? || ?"),
        ("SELECT 'not closed", "SELECT"),
        ("SELECT U&'d\\0061t', b'101', x'1F'", "SELECT ?, ?, ?"),
    ],
)
def test_no_value_is_shown(text: str, shown: str) -> None:
    assert without_values(text) == shown


def test_a_long_text_is_cut_off() -> None:
    assert len(without_values("SELECT " + "a, " * 5_000)) == MAX_TEXT
