"""Identifiers of a person in the form in which they are hashed.

Every function returns None if nothing is left: an empty text is never hashed.
"""

import re
import unicodedata

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
_MAX_EMAIL = 254


def normalise_email(value: str) -> str | None:
    """Return the address in lower case, as Meta's Conversions API documents."""
    text = composed(value).strip().lower()
    return text if len(text) <= _MAX_EMAIL and _EMAIL.fullmatch(text) else None


def normalise_document(value: str) -> str | None:
    """Return the letters and digits of a tax or identity number. A number of only zeros means none."""
    text = "".join(filter(str.isalnum, composed(value).lower()))
    return text if text.strip("0") else None


def composed(value: str) -> str:
    """Return the text in normal form C: é is one code point in one system and two in another."""
    return value if value.isascii() else unicodedata.normalize("NFC", value)
