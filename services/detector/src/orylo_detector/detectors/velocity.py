"""More attempts or higher amounts from one customer, card, address or device than usual."""

from collections.abc import Mapping, Sequence

from orylo_common.control.sections.detection import VELOCITY, DetectionPolicy, Entity, VelocityLimit, Window
from orylo_common.messages import PaymentFact
from orylo_detector.detectors.explanation import Explanation, Parameter
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import NOTHING, Finding
from orylo_detector.domain.limits import LOWEST, excess
from orylo_detector.domain.velocity import PaymentAttempt, velocities

ENTITIES: dict[Entity, str] = {
    "customer": "this customer",
    "card": "this card",
    "ip": "this IP address",
    "device": "this device",
}
SPANS: dict[Window, str] = {"1m": "1 minute", "1h": "1 hour", "24h": "24 hours"}

EXPLANATION = Explanation(
    looks_at="the number and the amount of attempts to pay of one customer, card, IP address or device (the browser, "
    "by its `_fbp`) in the last minute, hour and day",
    parameters=(
        *(
            Parameter(
                f"attempts per {entity} in 1 min / 1 h / 24 h",
                " / ".join(str(limit.attempts) for limit in limits.values()),
                f"setting `velocity.{entity}`; allows for households, offices and buyers who try several times",
            )
            for entity, limits in VELOCITY.items()
        ),
        *(
            Parameter(
                f"amount per {entity} in 24 h",
                ", ".join(f"{most / 100:,.0f} {currency}" for currency, most in limits["24h"].amount_minor.items()),
                f"setting `velocity.{entity}.24h.amount_minor`; in minor units, by currency",
            )
            for entity, limits in VELOCITY.items()
            if limits["24h"].amount_minor
        ),
        Parameter(
            "score", f"{LOWEST} just above a limit, 100 at twice the limit", "fixed: one limit alone is a review"
        ),
    ),
    reasons={
        code: text
        for entity, who in ENTITIES.items()
        for window, span in SPANS.items()
        for code, text in (
            (f"velocity.{entity}.{window}", f"Many attempts in {span} by {who}"),
            (f"velocity.{entity}.{window}.amount", f"High total in {span} by {who}"),
        )
    },
)


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score each exceeded limit. Reasons are such as `velocity.card.1h` and `velocity.card.24h.amount`."""
    if features.attempts is None:
        raise FeatureMissing("attempts")
    exceeded = {}
    for entity, attempts in features.attempts.items():
        limits = policy.velocity.get(entity, {})
        if not _may_exceed(attempts, limits, payment.currency):
            continue
        for window, observed in velocities(attempts, payment.occurred_at, payment.currency).items():
            limit = limits.get(window)
            if limit is None:
                continue
            if observed.attempts > limit.attempts:
                exceeded[f"velocity.{entity}.{window}"] = excess(observed.attempts, limit.attempts)
            most = limit.amount_minor.get(payment.currency)
            if most is not None and observed.amount_minor > most:
                exceeded[f"velocity.{entity}.{window}.amount"] = excess(observed.amount_minor, most)
    return Finding(exceeded) if exceeded else NOTHING


def _may_exceed(attempts: Sequence[PaymentAttempt], limits: Mapping[Window, VelocityLimit], currency: str) -> bool:
    """Return whether all attempts together exceed a limit. If not, those in a window do not either."""
    total_minor = sum([attempt.amount_minor for attempt in attempts])
    for limit in limits.values():
        if len(attempts) > limit.attempts or total_minor > limit.amount_minor.get(currency, total_minor):
            return True
    return False
