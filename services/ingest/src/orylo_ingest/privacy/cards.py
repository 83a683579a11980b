"""Card numbers, which are kept nowhere."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice

MASK = "[card]"
_MIN_DIGITS, _MAX_DIGITS = 13, 19
# Payment cards begin with 2 to 6, or 8 and 9 in some countries. Leaving out 0, 1 and 7 spares the
# times in milliseconds and the article numbers that gateways send by the dozen.
_FIRST_DIGITS = frozenset("2345689")
# What people put between the digits, up to so many of it. Nothing else: by a colon a time of day would be joined with
# its date.
_BETWEEN = r"\x00- .\-_/,+\x7f"
_MOST_BETWEEN = 5
_IN_RUN = frozenset("0123456789.-_/,+\x7f" + "".join(map(chr, range(0x21))))
_CANDIDATE = re.compile(rf"[2-689][0-9{_BETWEEN}]{{12}}")
_RUN = re.compile(rf"[0-9](?:[{_BETWEEN}]{{0,{_MOST_BETWEEN}}}[0-9])*")
_DIGITS = re.compile(r"[0-9]+")
# Digits of other scripts and widths, and dashes, spaces and invisible signs, one character each.
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_FOREIGN_SIGN = re.compile(r"[^\x00-\x7f\w]")
_SPACE_ENTITY = re.compile(r"&(?:nbsp|#160|#xa0);", re.IGNORECASE)
_SPACE_ENTITY_IN_BYTES = re.compile(rb"&(?:nbsp|#160|#xa0);", re.IGNORECASE)
_UUID_LENGTH = 36
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Meta's cookies: which level of the domain, and a time in milliseconds.
_META_COOKIE = re.compile(r"fb\.[0-2]\.1[0-9]{12}(?![0-9])")
# The sizes of the groups in which numbers stand on cards.
_AS_ON_CARDS = re.compile(r"(?:4 ){3}(?:4 [1-3]|[1-4]) |4 6 [45] ")
# Where issuer and groups are as on a card, anything may stand between them; and zeros before the whole.
_ISSUED = r"(?:[3-6][0-9]|2[2-7])[0-9]{2}"
_SIGNS = r"[\W_]{1,8}"
_AS_PRINTED = re.compile(
    rf"(?<![0-9])(?:{_ISSUED}(?:{_SIGNS}[0-9]{{4}}){{3}}|3[47][0-9]{{2}}{_SIGNS}[0-9]{{6}}{_SIGNS}[0-9]{{5}})(?![0-9])"
    rf"|(?<![0-9A-Za-z])0{{1,20}}(?:{_ISSUED}[0-9]{{12}}|3[47][0-9]{{13}})(?![0-9A-Za-z])"
)
# What follows a card directly: the month and year until which it is valid, and its security code.
_BESIDE = r"[\W_]{1,3}(?:(?:exp|val|validade|cvv2?|cvc2?|cod)[\W_]{1,2})?"
_CARD_AND_MORE = re.compile(
    rf"{re.escape(MASK)}(?:{_BESIDE}(?:0?[1-9]|1[0-2])[\W_]{{0,3}}(?:20)?[2-4][0-9](?![0-9]))?"
    rf"(?:{_BESIDE}[0-9]{{3,4}}(?![0-9]))?",
    re.IGNORECASE,
)
_DOUBLED = dict(zip("0123456789", (0, 2, 4, 6, 8, 1, 3, 5, 7, 9), strict=True))
# Nobody writes so many numbers in a row: such a row is masked whole, and costs no search.
_MAX_GROUPS = 100
_MAX_ROWS = 50

_TO_OUTLINE = bytes.maketrans(b"123456789 .([]", b"0" * 9 + b"----)")
_THIRTEEN = b"0" * _MIN_DIGITS
# In UTF-8 the signs of Latin-1 begin with C2, its letters with C3; what follows either is deleted as well.
_FOLLOWING = bytes(range(0x80, 0xC0))
_SEPARATORS = bytes(range(0x21)) + b".-_/,+\x7f\xc2" + _FOLLOWING
_ALL_SIGNS = bytes(sign for sign in range(0x80) if not chr(sign).isalnum()) + b"\xc2" + _FOLLOWING
# The same for what is as on a card: the fewest digits it has, and the form of its groups, with 0 for a digit.
_FIFTEEN = b"0" * 15
_TO_FORM = bytes.maketrans(b"123456789" + _ALL_SIGNS, b"0" * 9 + b" " * len(_ALL_SIGNS))
_FORM = re.compile(rb"0000(?: {1,16}0000(?:00?)?){2,}")
_ZEROS = re.compile(rb"0+")
_ROW = re.compile(rb"[2-689][0-9\x00- .\-_/,+\x7f-\xc2]{12,}")
# Enough to see that a row belongs to a longer number, or is part of a UUID.
_AROUND = 40
_LATIN = bytes(range(0x80)) + b"\xc2\xc3" + _FOLLOWING


def mask_card_numbers(text: str) -> str:
    """The text with `[card]` where 13 to 19 digits, also in groups, pass as a card number.

    With it goes what stands directly behind: the date until which it is valid, and the security code.
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
    """The same with 0 for digits, and a dash for dots, spaces and brackets that open: forms are found fast in it."""
    return raw.translate(_TO_OUTLINE)


def may_hold_card_number(raw: bytes, outline: bytes | None = None) -> bool:
    """False only where `mask_card_numbers` would find nothing; ten times faster than asking it.

    `outline` is what `outline_of` makes of the same, where it is known.

    A group of thirteen digits or more is judged by itself: cards are not written in such groups.
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
        # Settled: what stands beside it must not be joined with it below.
        flat[start : run.end()] = b"x" * (run.end() - start)
        start = flat.find(_THIRTEEN, run.end())
    joined = flat.translate(None, _ALL_SIGNS)
    if _THIRTEEN not in joined:
        return False
    if _THIRTEEN in flat.translate(None, _SEPARATORS) and _has_card_in_groups(raw):
        return True
    return _FIFTEEN in joined and _has_card_as_printed(raw)


def passes_luhn(digits: str) -> bool:
    return (sum(map(int, digits[::-2])) + sum(map(_DOUBLED.__getitem__, digits[-2::-2]))) % 10 == 0


def _is_card(digits: str) -> bool:
    if digits[0] == "0":
        return _AS_PRINTED.fullmatch(digits) is not None and passes_luhn(digits)
    return digits[0] in _FIRST_DIGITS and len(digits) <= _MAX_DIGITS and passes_luhn(digits)


def _has_card_in_groups(raw: bytes) -> bool:
    """Each long row of digits is judged with what stands around it; of very many, one is taken to be a card."""
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
    """As long as the text, with digits that are ASCII, and a space for every sign that is not."""
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
    """Card numbers in digits and what stands between them; a group of digits is in whole or not at all."""
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
    """Groups that letters run into, or that are part of a UUID, belong to an id: one in ten passes by chance."""
    if cookie := _META_COOKIE.match(text, max(0, begin - 3)):
        return end <= cookie.end()
    around = _UUID.finditer(text, max(0, begin - _UUID_LENGTH), end + _UUID_LENGTH)
    if any(match.start() <= begin and end <= match.end() for match in around):
        return True
    runs_into_letters = text[begin - 1 : begin].isalpha() or text[end : end + 1].isalpha()
    return runs_into_letters and not _AS_ON_CARDS.fullmatch(sizes)
