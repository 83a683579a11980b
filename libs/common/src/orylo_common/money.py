"""Converts money between integer minor units of an ISO 4217 currency and the decimal amounts of other systems."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# As in ISO 4217, except for the ariary (MGA): its fifths are not in use, and gateways send whole ariaries.
_WITHOUT_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "UYI", "VND"}
    | {"VUV", "XAF", "XOF", "XPF"}
)
_WITH_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
# The largest range that both PostgreSQL's bigint and JSON's exact integers hold.
_MAX_MINOR = 2**53


def minor_digits(currency: str) -> int:
    """Return the number of decimal places of a currency: 2 for BRL, 0 for JPY, 3 for KWD."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _WITH_THREE else 2


def to_minor(amount: float | str | Decimal, currency: str) -> int:
    """Return minor units: 49790 for 497.9 BRL. Raises `ValueError` if `amount` is not an amount."""
    try:
        minor = Decimal(str(amount)).scaleb(minor_digits(currency)).quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if not minor.is_finite() or abs(minor) > _MAX_MINOR:
        raise ValueError("not an amount")
    return int(minor)


def to_major(amount_minor: int, currency: str) -> Decimal:
    """Return the decimal amount: 497.90 for 49790 BRL."""
    return Decimal(amount_minor).scaleb(-minor_digits(currency))
