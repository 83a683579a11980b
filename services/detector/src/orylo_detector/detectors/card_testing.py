"""Someone tries stolen cards: many declines, many cards or many small amounts from one customer, address or device."""

from typing import get_args

from orylo_common.control.sections.detection import CARD_TESTING, DetectionPolicy, Tester
from orylo_common.messages import PaymentFact
from orylo_detector.detectors.explanation import Explanation, Parameter
from orylo_detector.detectors.velocity import ENTITIES, SPANS
from orylo_detector.domain.card_tests import card_tests
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import NOTHING, Finding
from orylo_detector.domain.limits import LOWEST, excess

MEASURES = {
    "declines": "Many declined payments",
    "cards": "Many different cards",
    "small": "Many small amounts",
}

EXPLANATION = Explanation(
    looks_at="the declined attempts, the different cards and the small amounts of one customer, IP address or device "
    "in the last hour and day. Declines and small amounts count even if the gateway does not identify the card",
    parameters=(
        *(
            Parameter(
                f"declines / cards / small amounts per {entity} in {SPANS[window]}",
                f"{limit.declines} / {limit.cards} / {limit.small}",
                f"setting `card_testing.{entity}.{window}`; allows for a second and a third card, and for buyers who "
                "share an address",
            )
            for entity, limits in CARD_TESTING.items()
            for window, limit in limits.items()
        ),
        Parameter(
            "small amount",
            ", ".join(
                f"up to {most / 100:g} {currency}" for currency, most in DetectionPolicy().small_amount_minor.items()
            ),
            "setting `small_amount_minor`; in minor units, by currency. It counts against a small payment only",
        ),
        Parameter("score", f"{LOWEST} just above a limit, 100 at twice the limit", "fixed: as for velocity"),
    ),
    reasons={
        f"card_testing.{entity}.{window}.{measure}": f"{what} in {span} by {ENTITIES[entity]}"
        for entity in get_args(Tester)
        for window, span in SPANS.items()
        for measure, what in MEASURES.items()
    },
)


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score each exceeded limit. Reasons are such as `card_testing.ip.1h.declines`.

    Declines and small amounts are counted whether or not the gateway identifies the card. Small amounts count against
    a small payment only.
    """
    if features.attempts is None:
        raise FeatureMissing("attempts")
    # Card data is absent from many payments by card, but a payment by Pix or boleto tests no card.
    if payment.payment_method not in (None, "card") or payment.is_renewal:
        return NOTHING
    small_minor = policy.small_amount_minor.get(payment.currency, 0)
    is_small = payment.amount_minor <= small_minor
    exceeded = {}
    for entity, limits in policy.card_testing.items():
        attempts = features.attempts.get(entity, ())
        # Most have fewer attempts than any limit allows.
        if all(len(attempts) <= limit.lowest for limit in limits.values()):
            continue
        for window, observed in card_tests(attempts, payment, small_minor).items():
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
    return Finding(exceeded) if exceeded else NOTHING
