"""Find emails, phone numbers and documents of any person by their notation."""

import re
from operator import mul

from orylo_common.hashing import token
from orylo_common.identifiers import normalise_document
from orylo_common.phones import phone_digits
from orylo_ingest.privacy.document_hashes import DocumentHashes

# No longer than email allows, and searched from the @ outwards, so that a long text costs one search.
_PART = r"[^\s@<>()\[\]\"',;:|=&?/\\]"
_DOMAIN = re.compile(rf"@{_PART}{{1,250}}\.[^\s@<>()\[\]\"',;:|=&?/\\.]+")
_LOCAL_REVERSED = re.compile(rf'"[^"\n]{{1,64}}"|{_PART}{{1,64}}')
_LONGEST_LOCAL = 66
# Spelt out, as in “name (at) example (dot) com”.
_AT = r"\s?(?:\(\s?(?:at|arroba)\s?\)|\[\s?(?:at|arroba)\s?\])\s?"
_DOT = r"(?:\.|\s?[(\[]\s?(?:dot|ponto)\s?[)\]]\s?|\s(?:dot|ponto)\s)"
_SPELT_DOMAIN = re.compile(rf"{_AT}(?:[\w-]{{1,63}}{_DOT}){{1,5}}[\w-]{{2,63}}", re.IGNORECASE)
_SPELT_AT, _SPELT_DOT = re.compile(_AT, re.IGNORECASE), re.compile(_DOT, re.IGNORECASE)
_PHONE = re.compile(r"\+[0-9(][0-9 ().\-]{6,18}[0-9]")
# A Brazilian number without its plus: area code and number.
_NATIONAL_PHONE = re.compile(
    r"(?<![0-9A-Za-z+.\-])(?:55[ .-]?)?(?:\([1-9]{2}\) ?(?:9[ .]?)?[0-9]{4}[ .-]?[0-9]{4}"
    r"|[1-9]{2}[ -](?:9[ .]?[0-9]{4}[ -][0-9]{4}|[2-5][0-9]{3}-[0-9]{4}))(?![0-9A-Za-z]|-[0-9])"
)
_DOCUMENT = re.compile(r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b|\b[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}\b")
_BARE = re.compile(r"(?<![0-9A-Za-z.])[0-9]{11,14}(?![0-9A-Za-z]|\.[0-9])")
_CALLED_FROM_ABROAD = re.compile(r"55[1-9]{2}(?:9[0-9]{8}|[2-5][0-9]{7})")
# Weights of the digits before the second check digit. For the first check digit, all but the first weight apply.
_WEIGHTS = {11: (11, 10, 9, 8, 7, 6, 5, 4, 3, 2), 14: (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)}

_PHONE_IN_BYTES = re.compile(rb"\+[0-9(][0-9 ().\-]{6}")
# For the outline, in which the second half of a phone number, a document from its first dot on, an area code in
# brackets and a spelt-out "at" all begin with a dash.
_BEHIND_DASH = re.compile(
    rb"-(?:(?<=0000-)0000(?!0)|(?<=00-)000-000[-/]0|00\)-?0|-?(?:[aA][tT]|[aA][rR][rR][oO][bB][aA])-?\))"
)
_ELEVEN = b"0" * 11
_ZEROS = re.compile(rb"0+")


def may_hold_contacts(raw: bytes, outline: bytes) -> bool:
    """Return False only if `replace_contacts` and `replace_bare_numbers` would find nothing."""
    if b"@" in raw or _BEHIND_DASH.search(outline):
        return True
    return (b"+" in raw and _PHONE_IN_BYTES.search(raw) is not None) or _may_hold_bare_number(raw, outline)


def replace_contacts(text: str, documents: DocumentHashes) -> str:
    """Return the text with tokens in place of contacts in an unmistakable notation."""
    if "@" in text:
        text = _replace_emails(text, _DOMAIN)
    if "(" in text or "[" in text:
        text = _replace_emails(text, _SPELT_DOMAIN)
    if "+" in text:
        text = _PHONE.sub(lambda found: token(phone_digits(found[0]) or found[0]), text)
    text = _NATIONAL_PHONE.sub(lambda found: token(phone_digits(found[0], "BR") or found[0]), text)
    return _DOCUMENT.sub(lambda found: documents.token(normalise_document(found[0]) or found[0]), text)


def replace_bare_numbers(text: str, documents: DocumentHashes) -> str:
    """Return the text with tokens in place of documents and phone numbers written as digits only.

    One other number in a hundred passes as a CPF or a CNPJ. In a note that only loses a number, but as the id of a sale
    it would lose the sale. Use this for text written by people, not for a single word under the key of an id.
    """
    return _BARE.sub(lambda found: _bare_token(found[0], documents), text)


def is_document(text: str) -> bool:
    """Return whether the text is a CPF or a CNPJ: as people write it, or its digits with valid check digits."""
    if not text[:1].isdigit() or not text.isascii():
        return False
    digits = text if text.isdecimal() else ""
    return (len(digits) in _WEIGHTS and _is_personal(digits)) or _DOCUMENT.fullmatch(text) is not None


def _bare_token(digits: str, documents: DocumentHashes) -> str:
    if not _is_personal(digits):
        return digits
    return documents.token(digits) if len(digits) in _WEIGHTS else token(digits)


def _replace_emails(text: str, domain: re.Pattern[str]) -> str:
    kept, end = [], 0
    for found in domain.finditer(text):
        local = _LOCAL_REVERSED.match(text[max(end, found.start() - _LONGEST_LOCAL) : found.start()][::-1])
        if local is not None:
            start = found.start() - local.end()
            written = _SPELT_DOT.sub(".", _SPELT_AT.sub("@", text[start : found.end()]))
            kept += [text[end:start], token(written.lower())]
            end = found.end()
    return "".join([*kept, text[end:]])


def _may_hold_bare_number(raw: bytes, outline: bytes) -> bool:
    start = outline.find(_ELEVEN)
    while start >= 0 and (run := _ZEROS.match(outline, start)) is not None:
        end = run.end()
        # Most are timestamps in milliseconds, or part of a hash.
        if not raw[start - 1 : start].isalpha() and _is_personal(raw[start:end].decode()):
            return True
        start = outline.find(_ELEVEN, end)
    return False


def _is_personal(digits: str) -> bool:
    weights = _WEIGHTS.get(len(digits))
    if weights is None:
        return digits.startswith("55") and _CALLED_FROM_ABROAD.fullmatch(digits) is not None
    return _has_check_digits([*map(int, digits)], weights)


def _has_check_digits(digits: list[int], weights: tuple[int, ...]) -> bool:
    first, second = sum(map(mul, digits, weights[1:])), sum(map(mul, digits, weights))
    return [first * 10 % 11 % 10, second * 10 % 11 % 10] == digits[-2:] and len(set(digits)) > 1
