"""All detectors. To add one, add a module to this package and a line to `DETECTORS`."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.detectors import amount_anomaly, card_testing, entity_risk, geo_mismatch, trust_history, velocity
from orylo_detector.detectors.explanation import Explanation
from orylo_detector.domain.features import Features
from orylo_detector.domain.finding import Finding


class Assess(Protocol):
    def __call__(
        self, payment: PaymentFact, features: Features, policy: DetectionPolicy, /
    ) -> Finding | Awaitable[Finding]:
        """Return a finding, or a coroutine if the detector does I/O. Raises `FeatureMissing` without its features."""


@dataclass(frozen=True, slots=True)
class Detector:
    """`weight` is the share of the score that counts towards the risk, unless the tenant's policy overrides it."""

    name: str
    assess: Assess
    weight: float
    explanation: Explanation = field(default_factory=Explanation)


# With thresholds of 50 and 80, velocity and card testing can block alone. An unusual amount or a bad history leads to a
# review, and blocks together with another finding. One country that contradicts the others makes a risk of 7 to 21,
# less than half of a review: Brazilians pay abroad, by roaming and with foreign travel cards. A foreign buyer whose
# countries agree has none. Three countries with a foreign card, or two contradictions and impossible travel, lead to a
# review.
DETECTORS: tuple[Detector, ...] = (
    Detector("velocity", velocity.assess, weight=0.9, explanation=velocity.EXPLANATION),
    Detector("card_testing", card_testing.assess, weight=0.9, explanation=card_testing.EXPLANATION),
    Detector("geo_mismatch", geo_mismatch.assess, weight=0.7, explanation=geo_mismatch.EXPLANATION),
    Detector("amount_anomaly", amount_anomaly.assess, weight=0.7, explanation=amount_anomaly.EXPLANATION),
    Detector("entity_risk", entity_risk.assess, weight=0.7, explanation=entity_risk.EXPLANATION),
    Detector("trust_history", trust_history.assess, weight=0.7, explanation=trust_history.EXPLANATION),
)
