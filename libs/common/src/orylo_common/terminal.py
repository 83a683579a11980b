"""Show text from outside on a terminal: characters that move the cursor, hide text or reorder it become escapes."""

import re

# Control characters of ASCII and of ISO 6429 (C1), line separators, and the marks that change the direction of writing.
_LINES = "\\t\\n"
_CONTROLS = "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069"
_IN_TEXT = re.compile(f"[{_CONTROLS}]")
_IN_LINE = re.compile(f"[{_CONTROLS}{_LINES}]")


def visible_text(text: str) -> str:
    r"""Return `text` with an escape such as `\x1b` for each control character except tabs and ends of lines."""
    return _IN_TEXT.sub(_escape, text)


def visible_line(text: str) -> str:
    """Return `text` as one line: with escapes for tabs and ends of lines too."""
    return _IN_LINE.sub(_escape, text)


def visible_json(document: str) -> str:
    """Return the same JSON with escapes for the control characters that JSON permits."""
    return _IN_TEXT.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
