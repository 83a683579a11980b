"""Phone numbers as digits with their country code.

Nearly all are recognised by counting digits. The phonenumbers library, a hundred times slower, handles the rest.
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

# E.164: at most 15 digits; the shortest in use have 7.
_MIN_DIGITS, _MAX_DIGITS = 7, 15
_LONGER_THAN_NATIONAL = 12
_NOT_DIGITS = re.compile(r"[^0-9]+")
_LETTER = re.compile(r"[^\W\d_]")
# Words before a number, `tel:+55…`, `Tel. 11 …`, `Cel (11) …`, and a note after it: `… (WhatsApp)`, `… - Ana`.
_LABEL = re.compile(r"^\s*(?:[^\W\d_]+(?:\s*[:.]\s*|\s+|(?=[+(])))+")
_NOTE = re.compile(r"(?<![\s(])[\s(][-–\s(]*[^\W\d_]\D*$")
_EXTENSION = re.compile(r"(?i)(?:;?ext(?:ension)?|ramal|r|x|#)[.:=\s]*[0-9]{1,6}\s*$")
# Another number, or tones to dial after a pause.
_MORE = re.compile(r"[/,;|].*|\s(?:ou|or)\s.*", re.IGNORECASE)
# A spreadsheet's number.
_FLOAT = re.compile(r"^([0-9]+)\.0$")
# The trunk prefix between a country code and an area code: `+44 (0)20`, and in Brazil `(0xx11)`, with a carrier's code.
_TRUNK = re.compile(r"(?i)\(0\)|\b0 ?\(?xx\)?(?=[0-9 -]*[0-9])")
_INTERNATIONAL = re.compile(r"[^0-9]*\+")
# Dialled inside Mexico until 2019, and after +52 for mobiles. Numbers have ten digits since.
_OLD_MEXICAN = re.compile(r"(?:52)?(?:01|044|045|1)?([0-9]{10})")
# A Brazilian number has a possible length without its area code, and an American one with a Brazilian area code.
_LENGTH_SAYS_LITTLE = frozenset({1, 55})
_NORTH_AMERICA = frozenset({"US", "CA"})
_NORTH_AMERICAN = re.compile(r"1[2-9][0-9]{9}")
# Two digits of area code, neither of which is 0, and eight or nine of number.
_BRAZILIAN = re.compile(r"55[1-9][1-9][0-9]{8,9}")
# Without the country's code, other countries' numbers have as many digits. A ninth digit is a 9 (Anatel).
_BRAZILIAN_NATIONAL = re.compile(r"[1-9][1-9](?:9[0-9]{8}|[2-9][0-9]{7})")
_REGIONS = {str(code): regions[0] for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}


def phone_digits(value: str, country: str | None = None) -> str | None:
    """Return the digits with the country code, or None if this cannot be a phone number.

    `country` (alpha-2) applies to numbers without a country code, which do not identify anyone otherwise. A number that
    repeats one digit only fills in a required field, and is None.
    """
    text = value if value.isascii() else unicodedata.normalize("NFKC", value)
    text = _NOTE.sub("", _MORE.sub("", _EXTENSION.sub("", _LABEL.sub("", text))))
    text = _FLOAT.sub(r"\1", _TRUNK.sub("", text).strip())
    if _LETTER.search(text):
        return None
    digits = _NOT_DIGITS.sub("", text)
    is_international = _INTERNATIONAL.match(text) or digits.startswith("00")
    found = _international(digits.lstrip("0"), country) if is_international else _national(digits, country)
    return found if found and not _is_filler(found) else None


def _is_filler(digits: str) -> bool:
    return any(len(set(digits[length:])) == 1 for length in (1, 2, 3))


def phone_country(digits: str) -> str | None:
    """Return the country (alpha-2) of digits with a country code."""
    if digits.startswith("1"):
        return _north_american(digits[1:4]) if len(digits) == 11 else None
    for length in (2, 3):
        region = _REGIONS.get(digits[:length])
        if region is not None:
            return None if region == "001" else region
    return _REGIONS.get(digits[:1])


def _international(digits: str, country: str | None) -> str | None:
    if _BRAZILIAN.fullmatch(digits) or _NORTH_AMERICAN.fullmatch(digits):
        return digits
    length = next((length for length in (1, 2, 3) if digits[:length] in _REGIONS), None)
    if length is None:
        return None
    region = _REGIONS[digits[:length]]
    # The code may be there twice, or a trunk prefix after it.
    found = _possible("+" + digits, region) or _national(digits[length:].lstrip("0"), region)
    # Some people write a plus sign before an area code.
    return found or (_national(digits, country) if country else None)


def _national(digits: str, country: str | None) -> str | None:
    if country == "BR":
        # A leading 0 is the trunk prefix.
        bare = digits.lstrip("0")
        if _BRAZILIAN_NATIONAL.fullmatch(bare):
            return "55" + bare
        if _BRAZILIAN.fullmatch(bare):
            return bare
    if country in _NORTH_AMERICA and _NORTH_AMERICAN.fullmatch(with_code := "1" + digits.removeprefix("1")):
        return with_code
    if country == "MX" and (number := _OLD_MEXICAN.fullmatch(digits)):
        return "52" + number[1]
    if country is None:
        return _complete(digits)
    code = str(phonenumbers.country_code_for_region(country))
    if not digits.startswith(code):
        return _possible(digits, country)
    # Some checkouts omit only the plus sign. That reading comes first if its length is possible.
    found = _possible("+" + digits, country) or _possible(digits, country)
    twice = digits.startswith(code + code)
    return found or (_national(digits.removeprefix(code), country) if twice else None)


def _possible(text: str, country: str) -> str | None:
    """Return the number if its length is possible in its country, without a trunk prefix or a carrier's code."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    if number.country_code in _LENGTH_SAYS_LITTLE and not phonenumbers.is_valid_number(number):
        return None
    digits = _bounded(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).lstrip("+"))
    if digits and digits.startswith("52") and (mexican := _OLD_MEXICAN.fullmatch(digits)):
        return "52" + mexican[1]
    return digits


def _complete(digits: str) -> str | None:
    """Return digits that are valid with their country code and too long for a national number, else None.

    Shorter digits may be a national number of any country: area code 34 of Brazil is also the code of Spain.
    """
    if len(digits) < _LONGER_THAN_NATIONAL or digits.startswith("0"):
        return None
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None
    return digits if phonenumbers.is_valid_number(number) else None


def _bounded(digits: str) -> str | None:
    return digits if _MIN_DIGITS <= len(digits) <= _MAX_DIGITS else None


@lru_cache(maxsize=1000)
def _north_american(area: str) -> str | None:
    """Return the country of an area code. Without the rest of the number, the cache holds no personal data."""
    number = phonenumbers.PhoneNumber(country_code=1, national_number=int(area + "2345678"))
    return phonenumbers.region_code_for_number(number)
