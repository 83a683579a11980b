"""An amount far above what this customer, this product or this merchant usually sees."""

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.domain.features import FeatureMissing, Features, Subject
from orylo_detector.domain.verdict import Finding

# In spreads above the median: where it begins to be odd, and where it could not be odder.
ODD, OUTRAGEOUS = 3.0, 8.0
NO_HISTORY = "amount_anomaly.no_history"

# The tenant's own history mixes all it sells, so that it says the least about one payment.
SAY: dict[Subject, float] = {"customer": 1.0, "product": 0.9, "tenant": 0.7}


def assess(payment: PaymentFact, features: Features, rules: DetectionPolicy) -> Finding:
    """The oddest comparison; where no history is long enough for one, the remark that it is not."""
    if features.amounts is None:
        raise FeatureMissing("amounts")
    enough: dict[Subject, int] = {
        "customer": rules.customer_min_payments,
        "product": rules.product_min_payments,
        "tenant": rules.tenant_min_payments,
    }
    scores = {
        subject: round(SAY[subject] * _oddness(history.distance(payment.amount_minor)))
        for subject, history in features.amounts.items()
        if history.payments >= enough[subject]
    }
    if not scores:
        return Finding(0, (NO_HISTORY,))
    return Finding(
        max(scores.values()), tuple(f"amount_anomaly.{subject}" for subject, score in scores.items() if score)
    )


def _oddness(distance: float) -> float:
    """0 to 100, for a distance in spreads."""
    return 100 * min(max((distance - ODD) / (OUTRAGEOUS - ODD), 0.0), 1.0)
