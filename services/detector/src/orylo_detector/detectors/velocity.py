"""More attempts or higher amounts from one customer, card, address or device than usual."""

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import Finding
from orylo_detector.domain.velocity import velocities


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score each exceeded limit. Reasons are such as `velocity.card.1h` and `velocity.card.24h.amount`."""
    if features.attempts is None:
        raise FeatureMissing("attempts")
    exceeded = {}
    for entity, attempts in features.attempts.items():
        limits = policy.velocity.get(entity, {})
        for window, observed in velocities(attempts, payment.occurred_at, payment.currency).items():
            limit = limits.get(window)
            if limit is None:
                continue
            if observed.attempts > limit.attempts:
                exceeded[f"velocity.{entity}.{window}"] = _excess(observed.attempts, limit.attempts)
            most = limit.amount_minor.get(payment.currency)
            if most is not None and observed.amount_minor > most:
                exceeded[f"velocity.{entity}.{window}.amount"] = _excess(observed.amount_minor, most)
    return Finding(exceeded)


def _excess(observed: int, limit: int) -> int:
    """Return 50 just above the limit, rising to 100 at twice the limit."""
    return min(100, 50 + 50 * (observed - limit) // limit)
