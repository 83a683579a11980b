"""Money as integer minor units of an ISO 4217 currency, and as the decimal amounts that others send and want."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# ISO 4217's, but for the ariary (MGA): its fifths are not in use, and gateways count whole ones.
_WITHOUT_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "UYI", "VND"}
    | {"VUV", "XAF", "XOF", "XPF"}
)
_WITH_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
# As far as PostgreSQL's bigint, and JSON's exact integers, reach.
_MAX_MINOR = 2**53


def minor_digits(currency: str) -> int:
    """How many decimal places a currency's minor unit is: 2 for BRL, 0 for JPY, 3 for KWD."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _WITH_THREE else 2


def to_minor(amount: float | str | Decimal, currency: str) -> int:
    """497.9 BRL as 49790. Raises `ValueError` for what is no amount."""
    try:
        minor = Decimal(str(amount)).scaleb(minor_digits(currency)).quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if not minor.is_finite() or abs(minor) > _MAX_MINOR:
        raise ValueError("not an amount")
    return int(minor)


def to_major(amount_minor: int, currency: str) -> Decimal:
    """49790 BRL as 497.90."""
    return Decimal(amount_minor).scaleb(-minor_digits(currency))
