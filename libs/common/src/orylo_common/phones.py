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
_EXTENSION = re.compile(r"(?i)(?:;?ext(?:ension)?|ramal|x)[.:=\s]*[0-9]{1,6}\s*$")
_NORTH_AMERICA = frozenset({"US", "CA"})
_REGIONS = {str(code): regions[0] for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}


def phone_digits(value: str, country: str | None = None) -> str | None:
    """Return the digits with the country code, or None if this cannot be a phone number.

    `country` (alpha-2) applies to numbers without a country code, which do not identify anyone otherwise.
    """
    text = value if value.isascii() else unicodedata.normalize("NFKC", value)
    text = _EXTENSION.sub("", text).replace("(0)", "").strip()
    if _LETTER.search(text):
        return None
    digits = _NOT_DIGITS.sub("", text)
    if text.startswith("+"):
        return _bounded(digits.lstrip("0"))
    if digits.startswith("00"):
        return _bounded(digits[2:].lstrip("0"))
    return _national(digits, country)


def phone_country(digits: str) -> str | None:
    """Return the country (alpha-2) of digits with a country code."""
    if digits.startswith("1"):
        return _north_american(digits[1:4]) if len(digits) == 11 else None
    for length in (2, 3):
        region = _REGIONS.get(digits[:length])
        if region is not None:
            return None if region == "001" else region
    return _REGIONS.get(digits[:1])


def _national(digits: str, country: str | None) -> str | None:
    length = len(digits.lstrip("0"))
    if country == "BR":
        # Two digits of area code and eight or nine of number. A leading 0 is the trunk prefix.
        bare = digits.lstrip("0")
        if length in (10, 11):
            return "55" + bare
        return bare if length in (12, 13) and bare.startswith("55") else None
    if country in _NORTH_AMERICA:
        if length == 10:
            return "1" + digits
        if length == 11 and digits.startswith("1"):
            return digits
    if country is None:
        return _complete(digits)
    return _parsed(digits, country)


def _parsed(digits: str, country: str) -> str | None:
    calling_code = str(phonenumbers.country_code_for_region(country))
    # Some checkouts omit only the plus sign. That reading comes first if its length is possible.
    readings = (["+" + digits] if digits.startswith(calling_code) else []) + [digits]
    for text in readings:
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return _bounded(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).lstrip("+"))
    return None


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
