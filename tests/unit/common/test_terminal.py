"""Texts from outside cannot control the terminal on which they are printed."""

import orjson
import pytest

from orylo_common.terminal import visible_json, visible_line, visible_text

# Clear the screen, set the title, the one-character CSI, and reverse the writing.
HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\r\x7f"


def test_control_characters_are_escaped() -> None:
    assert visible_text(HOSTILE) == r"\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\r\x7f"


@pytest.mark.parametrize("text", ["José Ávila", "漢字 🙂", "שלום", "a\tb\nc", r"C:\x1b", ""])
def test_other_text_stays(text: str) -> None:
    assert visible_text(text) == text


def test_a_line_has_no_end_of_line() -> None:
    assert visible_line("a\nb\tc") == r"a\nb\tc"


def test_json_stays_the_same_document() -> None:
    document = orjson.dumps({"name": HOSTILE, HOSTILE: [1]}, option=orjson.OPT_INDENT_2).decode()
    shown = visible_json(document)
    assert orjson.loads(shown) == orjson.loads(document)
    assert visible_text(shown) == shown
