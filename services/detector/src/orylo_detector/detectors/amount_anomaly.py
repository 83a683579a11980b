"""An amount far above the usual for this customer, this product or this tenant."""

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.detectors.explanation import Explanation, Parameter
from orylo_detector.domain.features import FeatureMissing, Features, Subject
from orylo_detector.domain.finding import NOTHING, Finding

# In spreads above the median: where the score starts to rise, and where it reaches 100. Measured in
# docs/decision-quality.md. For a history with a single price these are 2.2 and 4.8 times the price.
UNUSUAL, EXTREME = 1.5, 3.0
NO_HISTORY = "amount_anomaly.no_history"

# The tenant's history mixes all its products, so it says the least about one payment.
SUBJECT_WEIGHTS: dict[Subject, float] = {"customer": 1.0, "product": 0.9, "tenant": 0.7}


def required_payments(policy: DetectionPolicy) -> dict[Subject, int]:
    """Return how many payments a history must have before an amount is compared with it."""
    return {
        "customer": policy.customer_min_payments,
        "product": policy.product_min_payments,
        "tenant": policy.tenant_min_payments,
    }


EXPLANATION = Explanation(
    looks_at="this amount against the paid amounts of the customer, of the product and of the tenant, in its currency",
    parameters=(
        *(
            Parameter(
                f"payments before the {subject}'s history is used",
                str(payments),
                f"setting `{subject}_min_payments`",
            )
            for subject, payments in required_payments(DetectionPolicy()).items()
        ),
        Parameter(
            "spreads above the median",
            f"{UNUSUAL:g} (score 0) to {EXTREME:g} (score 100)",
            "fixed: median and median absolute deviation on a logarithmic scale, which few extreme amounts hardly move",
        ),
        Parameter(
            "weight of the histories",
            ", ".join(f"{subject} {weight:g}" for subject, weight in SUBJECT_WEIGHTS.items()),
            "fixed: a tenant's history mixes all its products and says the least about one payment",
        ),
    ),
    reasons={
        "amount_anomaly.customer": "Unusually high amount for this customer",
        "amount_anomaly.product": "Unusually high amount for this product",
        "amount_anomaly.tenant": "Unusually high amount for this shop",
        NO_HISTORY: "Too few earlier payments to compare the amount with",
    },
)


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score each comparison. If no history is long enough, return the remark `no_history`."""
    if features.amounts is None:
        raise FeatureMissing("amounts")
    required = required_payments(policy)
    scores = {
        subject: round(SUBJECT_WEIGHTS[subject] * _score(history.distance(payment.amount_minor)))
        for subject, history in features.amounts.items()
        if history.payments >= required[subject]
    }
    if not scores:
        return Finding({NO_HISTORY: 0})
    found = {f"amount_anomaly.{subject}": score for subject, score in scores.items() if score}
    return Finding(found) if found else NOTHING


def _score(distance: float) -> float:
    """Return 0 to 100 for a distance in spreads."""
    return 100 * min(max((distance - UNUSUAL) / (EXTREME - UNUSUAL), 0.0), 1.0)
