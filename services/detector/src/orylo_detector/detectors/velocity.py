"""More attempts or higher amounts from one customer, card, address or device than usual."""

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.limits import excess
from orylo_detector.domain.velocity import velocities
from orylo_detector.domain.verdict import Finding


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score the most exceeded limit. Reasons are such as `velocity.card.1h` and `velocity.card.24h.amount`."""
    if features.attempts is None:
        raise FeatureMissing("attempts")
    worst = 0
    reasons = []
    for entity, attempts in features.attempts.items():
        limits = policy.velocity.get(entity, {})
        for window, observed in velocities(attempts, payment.occurred_at, payment.currency).items():
            limit = limits.get(window)
            if limit is None:
                continue
            if observed.attempts > limit.attempts:
                reasons.append(f"velocity.{entity}.{window}")
                worst = max(worst, excess(observed.attempts, limit.attempts))
            most = limit.amount_minor.get(payment.currency)
            if most is not None and observed.amount_minor > most:
                reasons.append(f"velocity.{entity}.{window}.amount")
                worst = max(worst, excess(observed.amount_minor, most))
    return Finding(worst, tuple(reasons))
