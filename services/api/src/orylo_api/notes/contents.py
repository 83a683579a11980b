"""Checks of the text of a note. Card numbers are refused; other personal data are pointed out."""

import re
import unicodedata
from enum import StrEnum

from orylo_common.luhn import passes_luhn

MAX_LENGTH = 2000

# Card numbers have 13 to 19 digits (ISO/IEC 7812). People group them with spaces, dashes, dots and the like; a colon
# would join a time of day with its date.
SHORTEST, LONGEST = 13, 19
_ISSUED = re.compile(r"[345689]|2(?:2[2-9]|[3-6]|7[0-2])")
_RUN = re.compile(r"[0-9](?:(?:[^\w:]|_){0,3}[0-9]){12,}")
_GROUPS = re.compile(r"[0-9]+")
_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?<![\w.,-])(?:\+|00)[1-9][0-9 ()./-]{6,18}[0-9](?![0-9])")
_DOCUMENT = re.compile(r"(?<![0-9])(?:\d{3}\.\d{3}\.\d{3}-\d{2}|\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2})(?![0-9])")


class NoteHint(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"


def checked_text(text: str) -> str:
    if holds_card_number(text):
        raise ValueError("seems to hold a card's number, which is never stored: the last four digits are enough")
    return text


def holds_card_number(text: str) -> bool:
    """Return whether a group of digits, or neighbouring groups together, are a card number by the Luhn check."""
    plain = "".join(_ascii_digit(character) for character in text)
    return any(_is_card_in(run[0]) for run in _RUN.finditer(plain))


def hints_of(text: str) -> list[NoteHint]:
    found = {NoteHint.EMAIL: _EMAIL, NoteHint.PHONE: _PHONE, NoteHint.DOCUMENT: _DOCUMENT}
    return [hint for hint, pattern in found.items() if pattern.search(text)]


def _is_card_in(run: str) -> bool:
    groups = _GROUPS.findall(run)
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) > LONGEST:
                break
            if len(digits) >= SHORTEST and _ISSUED.match(digits) and passes_luhn(digits):
                return True
    return False


def _ascii_digit(character: str) -> str:
    """Return a digit of another script as an ASCII digit, and any other character as it is."""
    if character.isascii() or not character.isdecimal():
        return character
    return str(unicodedata.decimal(character))
