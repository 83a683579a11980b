"""The countries that a payment names, and travel between two payments."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from orylo_common.control.sections.detection import CountrySource
from orylo_common.messages import PaymentFact


class Location(NamedTuple):
    """The country (alpha-2) that a customer paid from, by IP address, and when."""

    at: datetime
    country: str


class Mismatch(NamedTuple):
    """A source that names another country than `expected` does, the heaviest of those that agree with most evidence."""

    source: CountrySource
    expected: CountrySource


def buyer_address(payment: PaymentFact) -> str | None:
    """Return the IP address that the buyer paid from. A renewal repeats an old one, or names the gateway's server."""
    return None if payment.is_renewal else payment.ip


def countries_of(payment: PaymentFact, ip_country: str | None) -> dict[CountrySource, str]:
    """Return the countries (alpha-2) that are known, by their source."""
    flags = payment.customer_flags
    named: tuple[tuple[CountrySource, str | None], ...] = (
        ("card", payment.card.country if payment.card else None),
        ("ip", ip_country),
        ("document", flags.document_country),
        ("billing", flags.billing_country),
        ("phone", flags.phone_country),
    )
    return {source: country.upper() for source, country in named if country}


def mismatches(countries: Mapping[CountrySource, str], scores: Mapping[CountrySource, int]) -> list[Mismatch]:
    """Return the sources that differ from the country with the highest sum of scores, the heaviest first.

    Another source never lowers the sum of their scores: it adds its score to a country that is not the strongest, or
    raises the strongest sum by no more than its score.
    """
    sums: dict[str, int] = {}
    for source, country in countries.items():
        sums[country] = sums.get(country, 0) + scores.get(source, 0)
    if len(sums) < 2:
        return []
    strongest = max(sums, key=lambda country: (sums[country], country))
    by_score = sorted(countries, key=lambda source: -scores.get(source, 0))
    expected = next(source for source in by_score if countries[source] == strongest)
    return [Mismatch(source, expected) for source in by_score if countries[source] != strongest and scores.get(source)]


def impossible(travel: Location, to: Location, *, within: timedelta) -> bool:
    """Return whether a customer cannot plausibly have paid in both places. The order of the payments does not count."""
    return travel.country != to.country and abs(to.at - travel.at) < within
