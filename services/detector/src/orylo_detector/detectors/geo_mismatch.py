"""Countries of the card, the IP address, the document, the billing address and the phone that contradict each other."""

from datetime import timedelta
from itertools import combinations

from orylo_common.control.sections.detection import GEO_SCORES, CountrySource, DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.detectors.explanation import Explanation, Parameter
from orylo_detector.domain.countries import Location, countries_of, impossible, mismatches
from orylo_detector.domain.features import Features
from orylo_detector.domain.finding import NOTHING, Finding

# In the order in which a reason names them.
SOURCES: dict[CountrySource, str] = {
    "card": "card",
    "ip": "IP address",
    "document": "document",
    "billing": "billing address",
    "phone": "phone number",
}
IMPOSSIBLE_TRAVEL = "geo_mismatch.impossible_travel"
DEFAULTS = DetectionPolicy()

EXPLANATION = Explanation(
    looks_at="the countries of the card, the IP address, the document (a CPF or CNPJ is Brazilian), the billing "
    "address and the phone number, and the country and time of the customer's last payment. The IP address of a "
    "renewal does not count",
    parameters=(
        Parameter(
            "score of a source that names another country than the strongest",
            ", ".join(f"{source} {score}" for source, score in GEO_SCORES.items()),
            "setting `geo_scores`; the scores add up. The strongest country has the highest sum, and one odd source is "
            "far from a review: roaming, travel cards and foreign phone numbers are common",
        ),
        Parameter("added for three countries", str(DEFAULTS.third_country_score), "setting `third_country_score`"),
        Parameter(
            "impossible travel",
            f"two countries within {DEFAULTS.travel_hours} h add {DEFAULTS.travel_score}",
            "settings `travel_hours` and `travel_score`; also caused by a VPN, so alone it is not a review",
        ),
    ),
    reasons={
        **{
            f"geo_mismatch.{one}_{other}": f"Different countries of {SOURCES[one]} and {SOURCES[other]}"
            for one, other in combinations(SOURCES, 2)
        },
        IMPOSSIBLE_TRAVEL: "Payments from two countries within hours",
    },
)


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score the sum of all contradictions. Reasons are such as `geo_mismatch.card_ip`."""
    named = countries_of(payment, features.ip_country)
    countries = {source: country for source, country in named.items() if source in policy.geo_scores}
    scores = {
        pair(each.source, each.expected): policy.geo_scores[each.source]
        for each in (mismatches(countries, policy.geo_scores) if len(countries) > 1 else ())
    }
    total = sum(scores.values())
    if total and len(set(countries.values())) > 2:
        total += policy.third_country_score
    if _impossible_travel(payment, features, policy):
        scores[IMPOSSIBLE_TRAVEL] = policy.travel_score
        total += policy.travel_score
    return Finding(scores, min(total, 100)) if total else NOTHING


def pair(one: CountrySource, other: CountrySource) -> str:
    """Return the reason code of two sources, in the order of `SOURCES`."""
    first, second = sorted((one, other), key=list(SOURCES).index)
    return f"geo_mismatch.{first}_{second}"


def _impossible_travel(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> bool:
    last = features.customer.last_location if features.customer else None
    if last is None or features.ip_country is None or not policy.travel_score:
        return False
    here = Location(payment.occurred_at, features.ip_country)
    return impossible(last, here, within=timedelta(hours=policy.travel_hours))
