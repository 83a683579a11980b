"""The types of list entries, and their values in the form in which payments carry them. No I/O.

Emails, their domains and documents are hashed here: a list never contains them in clear.
"""

import ipaddress
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from orylo_common.control.document_key import DocumentKey
from orylo_common.control.errors import InvalidChange
from orylo_common.hashing import KEYED_PREFIX, TOKEN_PREFIX, as_hash, hash_of, is_keyed_token
from orylo_common.identifiers import normalise_document, normalise_email
from orylo_common.ip_addresses import parse_address
from orylo_common.luhn import passes_luhn

BLOCK, ALLOW = "block", "allow"
# Of a list. `block` and `allow` decide; rules give the others a meaning.
LIST_NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"
MAX_VALUE = 550
MAX_REASON = 500
# A wider network is most likely a mistake: /8 of IPv4 are 16 million addresses, /16 of IPv6 a whole registry's.
SHORTEST_PREFIX: Mapping[int, int] = {4: 8, 6: 16}
# The bits before an IPv4 address that is written as IPv6.
_MAPPED_BITS = 96

_SHORTEST_BIN = 6
_BIN = re.compile(r"[0-9]{6,8}")
_CARD_NUMBER = re.compile(r"[0-9](?:[ .\-]?[0-9]){12,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_OTHER_CODES = {"UK": "GB", "EL": "GR"}


class InvalidEntry(InvalidChange, ValueError):
    """An entry that cannot be on a list. The text does not contain the value, which may be personal."""


class EntryType(StrEnum):
    """An entry names a buyer by an identifier, or a group of buyers."""

    CUSTOMER = "customer"
    EMAIL = "email"
    EMAIL_DOMAIN = "email_domain"
    IP = "ip"
    CARD = "card"
    BIN = "bin"
    CARD_COUNTRY = "card_country"
    DEVICE = "device"
    DOCUMENT = "document"


# Any text is such a value, so these are where a card's number could be stored by mistake.
_IN_CLEAR = frozenset({EntryType.CUSTOMER, EntryType.CARD, EntryType.DEVICE})
_TOKEN_PREFIXES: Mapping[EntryType, str] = {
    EntryType.EMAIL: TOKEN_PREFIX,
    EntryType.EMAIL_DOMAIN: TOKEN_PREFIX,
    EntryType.DOCUMENT: KEYED_PREFIX,
}


def checked_list(name: str) -> str:
    """Return a list's name. Raises `InvalidEntry`."""
    if not re.fullmatch(LIST_NAME.strip("^$"), name):
        raise InvalidEntry("a list is named by up to 64 lower-case letters, digits, - and _, such as block or allow")
    return name


def checked_reason(text: str) -> str:
    """Return the reason without surrounding white space. Raises `InvalidEntry`."""
    text = text.strip()
    if not text or len(text) > MAX_REASON or "\x00" in text:
        raise InvalidEntry(f"a reason has 1 to {MAX_REASON} characters")
    return text


def parse_expiry(text: str) -> datetime | None:
    """Return a time with a zone in UTC; for a day (`2026-12-31`), its end in UTC. None for an empty text.

    Raises `InvalidEntry`.
    """
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidEntry("an expiry is a day (2026-12-31) or a time with a zone (2026-12-31T18:00:00Z)")


def entry_value(entry_type: EntryType, text: str, document_key: DocumentKey | None = None) -> str:
    """Return what a person wrote in the form that is stored, hashed if it is personal. Raises `InvalidEntry`.

    A hash (64 hex digits, or a value as `displayed_value` returns it) is accepted in place of what it is the hash of.
    Documents need the platform's key.
    """
    text = text.strip()
    if not text or len(text) > MAX_VALUE or "\x00" in text:
        raise InvalidEntry(f"a value has 1 to {MAX_VALUE} characters")
    if entry_type in _IN_CLEAR and _CARD_NUMBER.fullmatch(text) and passes_luhn("".join(filter(str.isdigit, text))):
        raise InvalidEntry("a card's number is never stored: use the fingerprint that the gateway gives it")
    match entry_type:
        case EntryType.EMAIL:
            return as_hash(text) or hash_of(_or_invalid(normalise_email(text), "not a valid email address"))
        case EntryType.EMAIL_DOMAIN:
            return as_hash(text) or hash_of(_domain(text))
        case EntryType.DOCUMENT:
            return _document(text, document_key)
        case EntryType.IP:
            return _network(text)
        case EntryType.BIN if not _BIN.fullmatch(text):
            raise InvalidEntry("a BIN is the first 6 to 8 digits of a card number")
        case EntryType.CARD_COUNTRY:
            code = text.upper()
            if not _COUNTRY.fullmatch(code):
                raise InvalidEntry("a country is a code of two letters (ISO 3166-1 alpha-2), such as BR")
            return _OTHER_CODES.get(code, code)
    return text


def displayed_value(entry_type: EntryType, value: str) -> str:
    """Return a stored value as people and files see it: a hash has a prefix that names its kind."""
    return _TOKEN_PREFIXES.get(entry_type, "") + value


def bin_prefixes(digits: str) -> list[str]:
    """Return the values of the entries that apply to a card that begins with these 6 to 8 digits."""
    return [digits[:length] for length in range(_SHORTEST_BIN, len(digits) + 1)]


def _domain(text: str) -> str:
    address = normalise_email(f"a@{text.removeprefix('@').removesuffix('.')}")
    return _or_invalid(address, "not a valid domain of an email address").partition("@")[2]


def _document(text: str, key: DocumentKey | None) -> str:
    if is_keyed_token(text):
        return text.removeprefix(KEYED_PREFIX)
    if key is None:
        raise InvalidEntry("the platform's document key cannot be read, so documents cannot be hashed")
    return key.hash_of(as_hash(text) or hash_of(_or_invalid(normalise_document(text), "not a document's number")))


def _network(text: str) -> str:
    """Return an address, or a network in CIDR notation, in its canonical form."""
    if "/" not in text:
        address = parse_address(text) if "," not in text else None
        return _or_invalid(address, "not an IP address, nor a network such as 203.0.113.0/24")
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        hint = ": the address has bits beyond the prefix" if "host bits" in str(error) else ""
        raise InvalidEntry(f"not a network in CIDR notation{hint}") from None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= _MAPPED_BITS:
        network = ipaddress.ip_network(f"{mapped}/{network.prefixlen - _MAPPED_BITS}")
    shortest = SHORTEST_PREFIX[network.version]
    if network.prefixlen < shortest:
        raise InvalidEntry(f"the network is too wide: its prefix has at least {shortest} bits")
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _or_invalid(value: str | None, problem: str) -> str:
    if value is None:
        raise InvalidEntry(problem)
    return value
