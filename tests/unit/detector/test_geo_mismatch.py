from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.detection import GEO_SCORES, CountrySource, DetectionPolicy
from orylo_common.messages import Decision
from orylo_detector.detectors import geo_mismatch
from orylo_detector.domain.countries import Location, countries_of
from orylo_detector.domain.features import CustomerHistory, Features
from orylo_detector.domain.finding import Finding
from orylo_detector.engine import Engine
from tests.unit.detector.cases import NOW, REGULAR, features, payment

POLICY = DetectionPolicy()
NEW = CustomerHistory()
SOURCES: tuple[CountrySource, ...] = get_args(CountrySource)

Countries = dict[CountrySource, str]


def from_countries(countries: Countries, **changes: Any) -> dict[str, Any]:
    flags = {f"{source}_country": countries.get(source) for source in ("document", "billing", "phone")}
    return {"customer_flags": flags, "card": {"country": countries.get("card")}, **changes}


def assess(countries: Countries, customer: CustomerHistory | None = REGULAR, **changes: Any) -> Finding:
    fact = payment(**from_countries(countries, **changes))
    return geo_mismatch.assess(fact, features(customer=customer, ip_country=countries.get("ip")), POLICY)


async def decide(countries: Countries, customer: CustomerHistory = NEW) -> Decision:
    engine = Engine(time_limit=timedelta(minutes=1))
    known = features(customer=customer, ip_country=countries.get("ip"))
    return (await engine.decide(payment(**from_countries(countries)), known, POLICY)).decision


def everywhere(country: str, **others: str) -> Countries:
    return {source: others.get(source, country) for source in SOURCES}


@pytest.mark.parametrize("country", ["BR", "US", "PT"])
def test_countries_that_agree_score_nothing_wherever_the_buyer_is(country: str) -> None:
    assert assess(everywhere(country)) == Finding()


@pytest.mark.parametrize("countries", [{}, {"ip": "RU"}, {"card": "US"}])
def test_fewer_than_two_known_countries_score_nothing(countries: Countries) -> None:
    assert assess(countries) == Finding()


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ("card", "geo_mismatch.card_ip"),
        ("ip", "geo_mismatch.card_ip"),
        ("document", "geo_mismatch.card_document"),
        ("billing", "geo_mismatch.card_billing"),
        ("phone", "geo_mismatch.card_phone"),
    ],
)
async def test_one_odd_country_is_a_reason_and_is_not_reviewed_even_for_a_new_customer(
    odd: CountrySource, reason: str
) -> None:
    countries = everywhere("BR") | {odd: "US"}
    finding = assess(countries)

    assert (finding.score, finding.codes) == (GEO_SCORES[odd], (reason,))
    assert await decide(countries) is Decision.ALLOW


@pytest.mark.parametrize(
    "countries",
    [
        # A Brazilian abroad, by roaming; with a travel card; and with both.
        everywhere("BR", ip="PT"),
        everywhere("BR", card="US"),
        everywhere("BR", card="US", ip="US"),
        # A Brazilian who lives in Portugal, with the phone number from home.
        everywhere("PT", document="BR"),
        everywhere("PT", document="BR", phone="BR"),
        # A foreign buyer behind a VPN.
        everywhere("DE", ip="NL"),
    ],
)
async def test_ordinary_buyers_of_a_brazilian_shop_are_not_reviewed(countries: Countries) -> None:
    assert await decide(countries) is Decision.ALLOW


@pytest.mark.parametrize(
    "countries",
    [
        everywhere("BR", card="US", ip="NG"),
        {"card": "US", "ip": "VN", "billing": "BR", "phone": "BR"},
        everywhere("US", ip="VN", document="BR", phone="BR"),
    ],
)
async def test_a_foreign_card_in_a_third_country_is_reviewed(countries: Countries) -> None:
    assert await decide(countries) is not Decision.ALLOW


def test_three_contradictions_are_named_the_heaviest_first() -> None:
    finding = assess({"card": "US", "ip": "NG", "document": "BR", "billing": "BR", "phone": "BR"})

    assert finding.codes == ("geo_mismatch.card_document", "geo_mismatch.ip_document")
    assert finding.score == 30 + 20 + 20


@pytest.mark.parametrize("hours", [-2.9, -0.1, 0.0, 0.1, 2.9])
def test_a_payment_from_another_country_within_hours_is_impossible_travel_in_either_order(hours: float) -> None:
    customer = replace(REGULAR, last_location=Location(NOW - timedelta(hours=hours), "PT"))

    assert assess({"ip": "BR"}, customer) == Finding({"geo_mismatch.impossible_travel": 40})
    assert assess({"ip": "PT"}, customer) == Finding()
    assert assess({"ip": "BR"}, customer, occurred_at=NOW + timedelta(hours=6)) == Finding()


@pytest.mark.parametrize("customer", [None, REGULAR])
def test_without_an_earlier_place_there_is_no_travel(customer: CustomerHistory | None) -> None:
    assert assess({"ip": "BR"}, customer) == Finding()


def test_without_an_address_there_is_no_travel() -> None:
    assert assess({}, replace(REGULAR, last_location=Location(NOW, "PT"))) == Finding()


async def test_travel_alone_is_not_reviewed_and_with_two_more_contradictions_is() -> None:
    customer = replace(REGULAR, last_location=Location(NOW - timedelta(hours=1), "BR"))

    assert await decide(everywhere("BR", ip="US"), customer) is Decision.ALLOW
    assert await decide({"card": "BR", "ip": "US", "billing": "PT"}, customer) is Decision.REVIEW


def test_the_policy_has_the_scores_and_the_hours() -> None:
    known = Features({}, replace(REGULAR, last_location=Location(NOW - timedelta(hours=1), "PT")), {}, "BR")
    fact = payment(**from_countries({"card": "US", "phone": "BR"}))
    policy = DetectionPolicy(geo_scores={"card": 5, "ip": 50}, travel_hours=1)

    assert geo_mismatch.assess(fact, known, policy) == Finding({"geo_mismatch.card_ip": 5})
    assert geo_mismatch.assess(fact, known, DetectionPolicy(geo_scores={}, travel_score=0)) == Finding()


def test_countries_are_compared_whatever_their_case() -> None:
    assert countries_of(payment(card={"country": "br"}), "BR") == {"card": "BR", "ip": "BR"}


COUNTRIES = st.dictionaries(st.sampled_from(SOURCES), st.sampled_from(["BR", "US", "PT", "NG", "VN"]))


@given(COUNTRIES, st.sampled_from(SOURCES), st.sampled_from(["BR", "US", "PT", "AR"]))
def test_another_country_never_lowers_the_score(known: Countries, source: CountrySource, country: str) -> None:
    without = {key: value for key, value in known.items() if key != source}

    assert assess(without).score <= assess({**without, source: country}).score <= 100


@given(COUNTRIES)
def test_each_reason_has_a_score_and_scores_have_a_reason(known: Countries) -> None:
    finding = assess(known)

    assert bool(finding.score) == bool(finding.reasons)
    assert (
        len(set(finding.reasons))
        == len(finding.reasons)
        == len(known) - max((list(known.values()).count(value) for value in _strongest(known)), default=0)
    )


def _strongest(known: Countries) -> list[str]:
    """Return the country whose sources have the highest sum, the last in the alphabet of equals."""
    sums = {value: sum(GEO_SCORES[key] for key in known if known[key] == value) for value in known.values()}
    return [max(sums, key=lambda value: (sums[value], value))] if sums else []
