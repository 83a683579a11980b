"""Someone tries stolen cards: many declines, many cards or many small amounts from one customer, address or device."""

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.domain.card_tests import card_tests
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.limits import excess
from orylo_detector.domain.verdict import Finding


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score the most exceeded limit. Reasons are such as `card_testing.ip.1h.declines`.

    Declines and small amounts are counted whether or not the gateway identifies the card. Small amounts count against
    a small payment only.
    """
    if features.attempts is None:
        raise FeatureMissing("attempts")
    # Card data is absent from many payments by card, but a payment by Pix or boleto tests no card.
    if payment.payment_method not in (None, "card") or payment.is_renewal:
        return Finding(0)
    small_minor = policy.small_amount_minor.get(payment.currency, 0)
    is_small = payment.amount_minor <= small_minor
    exceeded = {}
    for entity, limits in policy.card_testing.items():
        for window, observed in card_tests(features.attempts.get(entity, ()), payment, small_minor).items():
            limit = limits.get(window)
            if limit is None:
                continue
            measures = (
                ("declines", observed.declines, limit.declines),
                ("cards", observed.cards, limit.cards),
                ("small", observed.small, limit.small if is_small else None),
            )
            for measure, count, most in measures:
                if most is not None and count > most:
                    exceeded[f"card_testing.{entity}.{window}.{measure}"] = excess(count, most)
    return Finding(max(exceeded.values(), default=0), tuple(exceeded))
