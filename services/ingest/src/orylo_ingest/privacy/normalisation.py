"""Names and places in the form that Meta's Conversions API documents, ready to be hashed.

Every function returns None if nothing is left: an empty text is never hashed. Where Meta's library and its
documentation disagree, this follows the documentation (`tests/unit/ingest/privacy` lists the cases).
"""

import re
import unicodedata

from orylo_common.identifiers import composed
from orylo_ingest.privacy.countries import alpha2

_US_ZIP = re.compile(r"[0-9]{9}")
_UK_POSTCODE = re.compile(r"([a-z]{1,2}[0-9][a-z0-9]?[0-9])[a-z]{2}")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})(?:[T ].*)?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")

_US_STATES = {
    "alabama": "al", "alaska": "ak", "arizona": "az", "arkansas": "ar", "california": "ca", "colorado": "co",
    "connecticut": "ct", "delaware": "de", "districtofcolumbia": "dc", "florida": "fl", "georgia": "ga",
    "hawaii": "hi", "idaho": "id", "illinois": "il", "indiana": "in", "iowa": "ia", "kansas": "ks",
    "kentucky": "ky", "louisiana": "la", "maine": "me", "maryland": "md", "massachusetts": "ma",
    "michigan": "mi", "minnesota": "mn", "mississippi": "ms", "missouri": "mo", "montana": "mt",
    "nebraska": "ne", "nevada": "nv", "newhampshire": "nh", "newjersey": "nj", "newmexico": "nm",
    "newyork": "ny", "northcarolina": "nc", "northdakota": "nd", "ohio": "oh", "oklahoma": "ok",
    "oregon": "or", "pennsylvania": "pa", "rhodeisland": "ri", "southcarolina": "sc", "southdakota": "sd",
    "tennessee": "tn", "texas": "tx", "utah": "ut", "vermont": "vt", "virginia": "va", "washington": "wa",
    "westvirginia": "wv", "wisconsin": "wi", "wyoming": "wy",
}  # fmt: skip


def name(value: str) -> str | None:
    """Return the name in lower case without punctuation, with accents and single inner spaces."""
    text = composed(value).lower()
    if not text.isalpha():
        text = " ".join("".join(filter(_is_not_punctuation, text)).split())
    return text or None


def city(value: str) -> str | None:
    """Return the letters in lower case, with accents."""
    text = composed(value).lower()
    return text if text.isalpha() else _letters(text)


def state(value: str, country: str | None = None) -> str | None:
    """Return the letters in lower case, or the two-letter code of a US state."""
    text = city(value)
    return _US_STATES.get(text, text) if text and country == "US" else text


def zip_code(value: str, country: str | None = None) -> str | None:
    """Return letters and digits in lower case; the first five digits in the US, up to the sector in Great Britain."""
    text = "".join(filter(str.isalnum, composed(value).lower()))
    if country == "US" and _US_ZIP.fullmatch(text):
        return text[:5]
    if country == "GB" and (postcode := _UK_POSTCODE.fullmatch(text)):
        return postcode.group(1)
    return text or None


def country(value: str) -> str | None:
    code = alpha2(value)
    return code.lower() if code else None


def birth_date(value: str, country: str | None = None) -> str | None:
    """Return YYYYMMDD. If day and month are ambiguous, the country's custom decides."""
    text = value.strip()
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := _YEAR_LAST.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
        if month > 12 or (country == "US" and day <= 12):
            day, month = month, day
    else:
        return None
    return f"{year:04}{month:02}{day:02}" if 1 <= month <= 12 and 1 <= day <= 31 and year >= 1900 else None


def _is_not_punctuation(character: str) -> bool:
    # Combining marks (category M) stay: many scripts write their vowels with them.
    return character.isalnum() or character.isspace() or unicodedata.category(character)[0] == "M"


def _letters(text: str) -> str | None:
    return "".join(c for c in text if c.isalpha() or unicodedata.category(c)[0] == "M") or None
