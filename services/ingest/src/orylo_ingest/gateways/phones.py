"""Phone numbers that gateways send in parts."""

from orylo_common.hashing import as_hash

# Digits of a Brazilian number without its area code (Anatel: eight on land lines, nine on mobiles).
_WITHOUT_AREA = (8, 9)


def phone_with_area(number: str | None, area: str | None) -> str | None:
    """Return the number with its area code, which some checkouts send separately.

    A number of eight or nine digits has no area code, even if it begins with the same digits.
    """
    if number is None or area is None or as_hash(number):
        return number
    digits, code = ("".join(filter(str.isdecimal, part)) for part in (number, area.lstrip("0")))
    joined = digits if digits.startswith(code) and len(digits) not in _WITHOUT_AREA else code + digits
    return joined if len(joined) <= 11 else number
