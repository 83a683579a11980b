"""Countries of the card, the IP address, the document, the billing address and the phone that contradict each other."""

from datetime import timedelta

from orylo_common.control.sections.detection import CountrySource, DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.domain.countries import Location, countries_of, impossible, mismatches
from orylo_detector.domain.features import Features
from orylo_detector.domain.verdict import Finding

SOURCES: tuple[CountrySource, ...] = ("card", "ip", "document", "billing", "phone")
IMPOSSIBLE_TRAVEL = "geo_mismatch.impossible_travel"


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score the sum of all contradictions. Reasons are such as `geo_mismatch.card_ip`."""
    named = countries_of(payment, features.ip_country)
    countries = {source: country for source, country in named.items() if source in policy.geo_scores}
    scores = {
        pair(each.source, each.expected): policy.geo_scores[each.source]
        for each in mismatches(countries, policy.geo_scores)
    }
    total = sum(scores.values())
    if total and len(set(countries.values())) > 2:
        total += policy.third_country_score
    if _impossible_travel(payment, features, policy):
        scores[IMPOSSIBLE_TRAVEL] = policy.travel_score
        total += policy.travel_score
    return Finding(min(total, 100), tuple(sorted(scores, key=lambda reason: -scores[reason])))


def pair(one: CountrySource, other: CountrySource) -> str:
    """Return the reason code of two sources, in the order of `SOURCES`."""
    first, second = sorted((one, other), key=SOURCES.index)
    return f"geo_mismatch.{first}_{second}"


def _impossible_travel(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> bool:
    last = features.customer.last_location if features.customer else None
    if last is None or features.ip_country is None or not policy.travel_score:
        return False
    here = Location(payment.occurred_at, features.ip_country)
    return impossible(last, here, within=timedelta(hours=policy.travel_hours))
