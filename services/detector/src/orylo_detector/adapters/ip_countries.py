"""The country of an IP address: of the allocations that `iptocc` ships (ADR 13), or of a MaxMind file."""

from itertools import islice
from pathlib import Path

import maxminddb
from iptocc import country_code
from maxminddb import Reader

from orylo_detector.ports import CountryLookup

# Codes of the registries for a whole region, or for none.
_NOT_COUNTRIES = frozenset({"AP", "EU", "ZZ"})
# Records to read when a file is opened, to find out whether it has countries.
_SAMPLE = 1000
# What the reader raises for a damaged file. Its own `InvalidDatabaseError` is a `RuntimeError`.
_DAMAGED = (ValueError, TypeError, LookupError, RuntimeError)


def allocated_country(address: str) -> str | None:
    """Return the country that a regional registry allocated the address to."""
    country = country_code(address)
    return None if country in _NOT_COUNTRIES else country


def open_country_database(file: Path) -> CountryLookup:
    """Load a MaxMind file of countries or cities into memory. Raises `ValueError` if it cannot be used."""
    try:
        reader = maxminddb.open_database(file, maxminddb.MODE_MEMORY)
        has_countries = any(_country(record) for _, record in islice(reader, _SAMPLE))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    except _DAMAGED:
        raise ValueError(f"{file} is damaged, or not a MaxMind database") from None
    if not has_countries:
        raise ValueError(f"{file} has no countries: it is of type {reader.metadata().database_type}")
    return lambda address: _located_country(reader, address)


def _located_country(reader: Reader, address: str) -> str | None:
    try:
        return _country(reader.get(address))
    except _DAMAGED:
        # Also an IPv6 address in a file of IPv4 addresses.
        return None


def _country(record: object) -> str | None:
    country = record.get("country") if isinstance(record, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    return code if isinstance(code, str) else None
