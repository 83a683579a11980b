"""Identifiers of a person in the form in which they are hashed.

Every function returns None if nothing is left: an empty text is never hashed.
"""

import re
import unicodedata

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
# `Ana <ana@example.com>`, `mailto:ana@example.com`
_ADDRESS_IN_BRACKETS = re.compile(r"[^<>]*<\s*(?:mailto:)?([^<>\s]+)\s*>")
_MAILTO = "mailto:"
# Copied text brings characters along that cannot be seen.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_MAX_EMAIL = 254


def normalise_email(value: str) -> str | None:
    """Return the address in lower case, as Meta's Conversions API documents, without a display name before it."""
    text = composed(value).translate(_INVISIBLE).strip().lower()
    if named := _ADDRESS_IN_BRACKETS.fullmatch(text):
        text = named[1]
    text = text.removeprefix(_MAILTO).rstrip(".;,")
    return text if len(text) <= _MAX_EMAIL and _EMAIL.fullmatch(text) else None


def normalise_document(value: str) -> str | None:
    """Return the letters and digits of a tax or identity number. One digit over and over means none."""
    text = "".join(filter(str.isalnum, composed(value).lower()))
    return text if len(set(text)) > 1 else None


def composed(value: str) -> str:
    """Return the text in normal form C: é is one code point in one system and two in another."""
    return value if value.isascii() else unicodedata.normalize("NFC", value)
