"""Find and mask card numbers, which are never stored."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice

from orylo_common.luhn import passes_luhn

MASK = "[card]"
_MIN_DIGITS, _MAX_DIGITS = 13, 19
# Payment cards begin with 2 to 6, or 8 and 9 in some countries. Leaving out 0, 1 and 7 spares timestamps in
# milliseconds and article numbers, which gateways send by the dozen.
_FIRST_DIGITS = frozenset("2345689")
# The separators that people put between digits, and how many in a row. A colon would join a time of day with its date.
_BETWEEN = r"\x00- .\-_/,+\x7f"
_MOST_BETWEEN = 5
_IN_RUN = frozenset("0123456789.-_/,+\x7f" + "".join(map(chr, range(0x21))))
_CANDIDATE = re.compile(rf"[2-689][0-9{_BETWEEN}]{{12}}")
_RUN = re.compile(rf"[0-9](?:[{_BETWEEN}]{{0,{_MOST_BETWEEN}}}[0-9])*")
_DIGITS = re.compile(r"[0-9]+")
# Digits of other scripts and widths; dashes, spaces and invisible characters outside ASCII.
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_FOREIGN_SIGN = re.compile(r"[^\x00-\x7f\w]")
_SPACE_ENTITY = re.compile(r"&(?:nbsp|#160|#xa0);", re.IGNORECASE)
_SPACE_ENTITY_IN_BYTES = re.compile(rb"&(?:nbsp|#160|#xa0);", re.IGNORECASE)
_UUID_LENGTH = 36
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Meta's cookies: the subdomain index and a timestamp in milliseconds.
_META_COOKIE = re.compile(r"fb\.[0-2]\.1[0-9]{12}(?![0-9])")
# Group sizes as printed on cards.
_AS_ON_CARDS = re.compile(r"(?:4 ){3}(?:4 [1-3]|[1-4]) |4 6 [45] ")
# If the issuer and the groups are those of a card, any separator is accepted, and leading zeros.
_ISSUED = r"(?:[3-6][0-9]|2[2-7])[0-9]{2}"
_SIGNS = r"[\W_]{1,8}"
_AS_PRINTED = re.compile(
    rf"(?<![0-9])(?:{_ISSUED}(?:{_SIGNS}[0-9]{{4}}){{3}}|3[47][0-9]{{2}}{_SIGNS}[0-9]{{6}}{_SIGNS}[0-9]{{5}})(?![0-9])"
    rf"|(?<![0-9A-Za-z])0{{1,20}}(?:{_ISSUED}[0-9]{{12}}|3[47][0-9]{{13}})(?![0-9A-Za-z])"
)
# What may follow a card number directly: its expiry date and security code.
_BESIDE = r"[\W_]{1,3}(?:(?:exp|val|validade|cvv2?|cvc2?|cod)[\W_]{1,2})?"
_CARD_AND_MORE = re.compile(
    rf"{re.escape(MASK)}(?:{_BESIDE}(?:0?[1-9]|1[0-2])[\W_]{{0,3}}(?:20)?[2-4][0-9](?![0-9]))?"
    rf"(?:{_BESIDE}[0-9]{{3,4}}(?![0-9]))?",
    re.IGNORECASE,
)
# No text has so many groups in a row. Such a row is masked whole, without a search.
_MAX_GROUPS = 100
_MAX_ROWS = 50

_TO_OUTLINE = bytes.maketrans(b"123456789 .([]", b"0" * 9 + b"----)")
_THIRTEEN = b"0" * _MIN_DIGITS
# In UTF-8, Latin-1 symbols begin with C2 and its letters with C3. Their continuation bytes are deleted too.
_FOLLOWING = bytes(range(0x80, 0xC0))
_SEPARATORS = bytes(range(0x21)) + b".-_/,+\x7f\xc2" + _FOLLOWING
_ALL_SIGNS = bytes(sign for sign in range(0x80) if not chr(sign).isalnum()) + b"\xc2" + _FOLLOWING
# The same for numbers as printed on cards: the fewest digits, and the shape of the groups with 0 for a digit.
_FIFTEEN = b"0" * 15
_TO_FORM = bytes.maketrans(b"123456789" + _ALL_SIGNS, b"0" * 9 + b" " * len(_ALL_SIGNS))
_FORM = re.compile(rb"0000(?: {1,16}0000(?:00?)?){2,}")
_ZEROS = re.compile(rb"0+")
_ROW = re.compile(rb"[2-689][0-9\x00- .\-_/,+\x7f-\xc2]{12,}")
# Enough context to see that a row belongs to a longer number or a UUID.
_AROUND = 40
_LATIN = bytes(range(0x80)) + b"\xc2\xc3" + _FOLLOWING


def mask_card_numbers(text: str) -> str:
    """Return the text with `[card]` in place of card numbers: 13 to 19 digits, also in groups, that pass the check.

    An expiry date and a security code directly after the number are masked too.
    """
    kept, end = [], 0
    for start, stop in sorted(_found(text)):
        if start >= end:
            kept += [text[end:start], MASK]
            end = stop
    return _CARD_AND_MORE.sub(MASK, "".join([*kept, text[end:]])) if kept else text


def has_card_number(text: str) -> bool:
    return next(_found(text), None) is not None


def outline_of(raw: bytes) -> bytes:
    """Return `raw` with 0 for digits and a dash for dots, spaces and opening brackets. Fast to search."""
    return raw.translate(_TO_OUTLINE)


def may_hold_card_number(raw: bytes, outline: bytes | None = None) -> bool:
    """Return False only if `mask_card_numbers` would find nothing. Ten times faster than calling it.

    `outline` is the result of `outline_of(raw)`, if known. A group of 13 or more digits is checked on its own: cards
    are not written in such groups.
    """
    if not raw.isascii() and raw.translate(None, _LATIN):
        raw, outline = _plain(raw.decode(errors="replace")).encode(), None
    if b"&" in raw and (spaced := _SPACE_ENTITY_IN_BYTES.sub(b" ", raw)) != raw:
        raw, outline = spaced, None
    flat = bytearray(outline_of(raw) if outline is None else outline)
    start = flat.find(_THIRTEEN)
    while start >= 0 and (run := _ZEROS.match(flat, start)) is not None:
        if _is_card(raw[start : run.end()].decode()):
            return True
        # Checked: adjacent digits must not be joined with it below.
        flat[start : run.end()] = b"x" * (run.end() - start)
        start = flat.find(_THIRTEEN, run.end())
    joined = flat.translate(None, _ALL_SIGNS)
    if _THIRTEEN not in joined:
        return False
    if _THIRTEEN in flat.translate(None, _SEPARATORS) and _has_card_in_groups(raw):
        return True
    return _FIFTEEN in joined and _has_card_as_printed(raw)


def _is_card(digits: str) -> bool:
    if digits[0] == "0":
        return _AS_PRINTED.fullmatch(digits) is not None and passes_luhn(digits)
    return digits[0] in _FIRST_DIGITS and len(digits) <= _MAX_DIGITS and passes_luhn(digits)


def _has_card_in_groups(raw: bytes) -> bool:
    """Check each long row of digits in its context. If there are very many, assume that one is a card."""
    rows = (row for row in _ROW.finditer(raw) if len(row[0].translate(None, _SEPARATORS)) >= _MIN_DIGITS)
    return any(
        count == _MAX_ROWS
        or has_card_number(raw[max(0, row.start() - _AROUND) : row.end() + _AROUND].decode(errors="replace"))
        for count, row in enumerate(rows)
    )


def _has_card_as_printed(raw: bytes) -> bool:
    return any(
        has_card_number(raw[max(0, form.start() - 1) : form.end() + 1].decode(errors="replace"))
        for form in _FORM.finditer(raw.translate(_TO_FORM))
    )


def _plain(text: str) -> str:
    """Return a text of the same length with ASCII digits, and a space for every symbol outside ASCII."""
    if "&" in text:
        text = _SPACE_ENTITY.sub(lambda found: " " * len(found[0]), text)
    if text.isascii():
        return text
    text = _FOREIGN_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)
    return _FOREIGN_SIGN.sub(" ", text)


def _found(text: str) -> Iterator[tuple[int, int]]:
    plain = _plain(text)
    return chain(_cards(plain), _as_printed(plain))


def _as_printed(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while (found := _AS_PRINTED.search(text, at)) is not None:
        if passes_luhn("".join(_DIGITS.findall(found[0]))):
            yield found.span()
            at = found.end()
        else:
            at = found.start() + 1


def _cards(text: str) -> Iterator[tuple[int, int]]:
    end = 0
    while (candidate := _CANDIDATE.search(text, end)) is not None:
        start = candidate.start()
        while start > end and text[start - 1] in _IN_RUN:
            start -= 1
        run = _RUN.search(text, start)
        if run is None:
            return
        yield from _cards_in(text, run.start(), run.end())
        end = run.end()


def _cards_in(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield card numbers among groups of digits. A group belongs to a number as a whole or not at all."""
    groups = [match.span() for match in islice(_DIGITS.finditer(text, start, stop), _MAX_GROUPS + 1)]
    if len(groups) > _MAX_GROUPS:
        yield start, stop
        return
    after = start
    for first, (begin, _) in enumerate(groups):
        if begin < after or text[begin] not in _FIRST_DIGITS:
            continue
        digits = sizes = ""
        for group_begin, group_end in groups[first:]:
            digits += text[group_begin:group_end]
            sizes += f"{group_end - group_begin} "
            if len(digits) > _MAX_DIGITS:
                break
            if len(digits) < _MIN_DIGITS or not passes_luhn(digits):
                continue
            alone = len(digits) == group_end - begin
            if alone or not _is_identifier(text, begin, group_end, sizes):
                yield begin, group_end
                after = group_end
                break


def _is_identifier(text: str, begin: int, end: int, sizes: str) -> bool:
    """Return whether the digits belong to an id: part of a UUID, or adjacent to letters. One id in ten passes Luhn."""
    if cookie := _META_COOKIE.match(text, max(0, begin - 3)):
        return end <= cookie.end()
    around = _UUID.finditer(text, max(0, begin - _UUID_LENGTH), end + _UUID_LENGTH)
    if any(match.start() <= begin and end <= match.end() for match in around):
        return True
    runs_into_letters = text[begin - 1 : begin].isalpha() or text[end : end + 1].isalpha()
    return runs_into_letters and not _AS_ON_CARDS.fullmatch(sizes)
