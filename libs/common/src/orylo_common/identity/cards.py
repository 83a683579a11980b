"""Card numbers, which are kept nowhere."""

import re
import unicodedata
from collections.abc import Iterator

MASK = "[card]"
_MIN_DIGITS, _MAX_DIGITS = 13, 19
# Payment cards begin with 2 to 6, or 8 and 9 in some countries. Leaving out 0, 1 and 7 spares the
# times in milliseconds and the article numbers that gateways send by the dozen.
_FIRST_DIGITS = frozenset("2345689")
# What people put between the digits, up to so many of it. No colon: times of day would be joined with their date.
_BETWEEN = r"\x00- .\-_/,+\x7f"
_MOST_BETWEEN = 5
_IN_RUN = frozenset("0123456789.-_/,+\x7f" + "".join(map(chr, range(0x21))))
_CANDIDATE = re.compile(rf"[2-689][0-9{_BETWEEN}]{{12}}")
_RUN = re.compile(rf"[0-9](?:[{_BETWEEN}]{{0,{_MOST_BETWEEN}}}[0-9])*")
_DIGITS = re.compile(r"[0-9]+")
# Digits of other scripts and widths, and dashes, spaces and invisible signs, one character each.
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_FOREIGN_SIGN = re.compile(r"[^\x00-\x7f\w]")
# Hotmart's transactions. Masked, two sales would have one and the same id.
_TRANSACTION_PREFIX = re.compile(r"(?<![A-Za-z0-9])HP\Z")
_UUID_LENGTH = 36
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Meta's cookies: which level of the domain, and a time in milliseconds.
_META_COOKIE = re.compile(r"fb\.[0-2]\.1[0-9]{12}(?![0-9])")
# The sizes of the groups in which numbers stand on cards.
_AS_ON_CARDS = re.compile(r"(?:4 ){3}(?:4 [1-3]|[1-4]) |4 6 [45] ")
_DOUBLED = dict(zip("0123456789", (0, 2, 4, 6, 8, 1, 3, 5, 7, 9), strict=True))
# Nobody writes so many numbers in a row: such a row is masked whole, and costs no search.
_MAX_GROUPS = 100

_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_THIRTEEN = b"0" * _MIN_DIGITS
# In UTF-8 the signs of Latin-1 begin with C2, its letters with C3; what follows either is deleted as well.
_FOLLOWING = bytes(range(0x80, 0xC0))
_SEPARATORS = bytes(range(0x21)) + b".-_/,+\x7f\xc2" + _FOLLOWING
_ROW = re.compile(rb"[2-689][0-9\x00- .\-_/,+\x7f-\xc2]{12,}")
# Enough to see that a row belongs to a longer number, or is part of a UUID.
_AROUND = 40
_LATIN = bytes(range(0x80)) + b"\xc2\xc3" + _FOLLOWING


def mask_card_numbers(text: str) -> str:
    """The text with `[card]` where 13 to 19 digits, also in groups, pass as a card number."""
    kept, end = [], 0
    for start, stop in _cards(_plain(text)):
        kept += [text[end:start], MASK]
        end = stop
    return "".join([*kept, text[end:]]) if kept else text


def has_card_number(text: str) -> bool:
    return next(_cards(_plain(text)), None) is not None


def may_hold_card_number(raw: bytes) -> bool:
    """False only where `mask_card_numbers` would find nothing; ten times faster than asking it.

    A group of thirteen digits or more is judged by itself: cards are not written in such groups.
    """
    if not raw.isascii() and raw.translate(None, _LATIN):
        raw = _plain(raw.decode(errors="replace")).encode()
    zeros = raw.translate(_TO_ZERO)
    start = zeros.find(_THIRTEEN)
    if start < 0:
        return _THIRTEEN in zeros.translate(None, _SEPARATORS) and _has_card_in_groups(raw)
    flat = bytearray(zeros)
    while start >= 0:
        end = start + _MIN_DIGITS
        while end < len(flat) and flat[end] == 0x30:
            end += 1
        digits = raw[start:end].decode()
        if len(digits) <= _MAX_DIGITS and digits[0] in _FIRST_DIGITS and passes_luhn(digits):
            return True
        # Settled: what stands beside it must not be joined with it below.
        flat[start:end] = b"x" * (end - start)
        start = flat.find(_THIRTEEN, end)
    return _THIRTEEN in flat.translate(None, _SEPARATORS) and _has_card_in_groups(raw)


def passes_luhn(digits: str) -> bool:
    return (sum(map(int, digits[::-2])) + sum(map(_DOUBLED.__getitem__, digits[-2::-2]))) % 10 == 0


def _has_card_in_groups(raw: bytes) -> bool:
    """Each long row of digits is judged with what stands around it."""
    return any(
        has_card_number(raw[max(0, row.start() - _AROUND) : row.end() + _AROUND].decode(errors="replace"))
        for row in _ROW.finditer(raw)
        if len(row[0].translate(None, _SEPARATORS)) >= _MIN_DIGITS
    )


def _plain(text: str) -> str:
    """As long as the text, with digits that are ASCII, and a space for every sign that is not."""
    if text.isascii():
        return text
    text = _FOREIGN_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)
    return _FOREIGN_SIGN.sub(" ", text)


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
    """Card numbers in digits and what stands between them; a group of digits is in whole or not at all."""
    groups = [match.span() for match in _DIGITS.finditer(text, start, stop)]
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
            if not (_is_transaction(text, begin) if alone else _is_identifier(text, begin, group_end, sizes)):
                yield begin, group_end
                after = group_end
                break


def _is_transaction(text: str, begin: int) -> bool:
    return _TRANSACTION_PREFIX.search(text, max(0, begin - 3), begin) is not None


def _is_identifier(text: str, begin: int, end: int, sizes: str) -> bool:
    """Groups that letters run into, or that are part of a UUID, belong to an id: one in ten passes by chance."""
    if cookie := _META_COOKIE.match(text, max(0, begin - 3)):
        return end <= cookie.end()
    around = _UUID.finditer(text, max(0, begin - _UUID_LENGTH), end + _UUID_LENGTH)
    if any(match.start() <= begin and end <= match.end() for match in around):
        return True
    runs_into_letters = text[begin - 1 : begin].isalpha() or text[end : end + 1].isalpha()
    return runs_into_letters and not _AS_ON_CARDS.fullmatch(sizes)
