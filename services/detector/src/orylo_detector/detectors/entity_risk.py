"""A product, affiliate, network, email domain, card country or issuer with much more fraud than usual."""

from orylo_common.control.sections.detection import DetectionPolicy, RiskEntity
from orylo_common.messages import PaymentFact
from orylo_detector.detectors.explanation import Explanation, Parameter
from orylo_detector.domain.entities import FORTNIGHT, REMEMBERED, EntityRate, shrunk_rate
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import NOTHING, Finding

# What a tenant's rate is thought to be before it has payments: 0.5 %, as if 200 had been seen. Card networks warn
# merchants from about 0.9 % on (Visa's dispute monitoring programme).
TENANT_PRIOR = EntityRate(weighted_payments=200.0, weighted_frauds=1.0)
ENTITIES: dict[RiskEntity, str] = {
    "product": "this product",
    "affiliate": "this affiliate or terminal",
    "network": "this IP network",
    "email_domain": "this email domain",
    "card_country": "cards of this country",
    "bin": "cards of this issuer",
}
DEFAULTS = DetectionPolicy()

EXPLANATION = Explanation(
    looks_at="how many earlier payments of the same product, affiliate or terminal, IP network (/24, IPv6 /48), email "
    "domain, card country and issuer (BIN) were fraud: by a verdict, a dispute that was not won, or a fraud warning. "
    f"Counts go back {REMEMBERED * FORTNIGHT.days} days",
    parameters=(
        Parameter(
            "half-life",
            f"{DEFAULTS.entity_half_life_days} days",
            "setting `entity_half_life_days`; short, because a terminal or product goes bad and recovers within weeks",
        ),
        Parameter(
            "payments at the tenant's own rate that are added to each entity's",
            str(DEFAULTS.entity_prior_payments),
            "setting `entity_prior_payments`; the prior of a beta-binomial model: few payments prove little",
        ),
        Parameter(
            "least frauds",
            str(DEFAULTS.entity_min_frauds),
            "setting `entity_min_frauds`; one fraud can happen to any product",
        ),
        Parameter(
            "least multiple of the tenant's own rate",
            f"{DEFAULTS.entity_min_lift:g}",
            "setting `entity_min_lift`; below it, the difference is ordinary",
        ),
        Parameter(
            "fraud rate with a score of 100",
            f"{DEFAULTS.entity_full_rate:.0%}",
            "setting `entity_full_rate`; the score is in proportion below it. Alone it is a review: most buyers of "
            "even such a product are honest",
        ),
    ),
    reasons={
        f"entity_risk.{entity}": f"Much fraud with {words} ({{frauds}} of {{payments}} payments)"
        for entity, words in ENTITIES.items()
    },
)


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score each entity with a high fraud rate. Reasons are such as `entity_risk.product`."""
    if features.entities is None:
        raise FeatureMissing("entities")
    suspect = [
        entity
        for entity, known in features.entities.items()
        if entity != "tenant" and known.frauds >= policy.entity_min_frauds
    ]
    if not suspect:
        return NOTHING
    at, half_life = payment.occurred_at, policy.entity_half_life_days
    own = features.entities.get("tenant")
    own_rate = tenant_rate(own.rate(at, half_life) if own else EntityRate())
    scores: dict[str, int] = {}
    figures: dict[str, dict[str, int]] = {}
    for entity in suspect:
        known = features.entities[entity].rate(at, half_life)
        rate = shrunk_rate(known, own_rate, policy.entity_prior_payments)
        score = min(100, round(100 * rate / policy.entity_full_rate))
        if score and rate >= policy.entity_min_lift * own_rate:
            scores[f"entity_risk.{entity}"] = score
            figures[f"entity_risk.{entity}"] = {"frauds": known.frauds, "payments": known.payments}
    return Finding(scores, figures=figures) if scores else NOTHING


def tenant_rate(counts: EntityRate) -> float:
    return (counts.weighted_frauds + TENANT_PRIOR.weighted_frauds) / (
        counts.weighted_payments + TENANT_PRIOR.weighted_payments
    )
