"""All detectors. A new one is a file beside these and a line in the table."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.detectors import amount_anomaly, trust_history, velocity
from orylo_detector.domain.features import Features
from orylo_detector.domain.verdict import Finding


class Assess(Protocol):
    def __call__(
        self, payment: PaymentFact, features: Features, rules: DetectionPolicy, /
    ) -> Finding | Awaitable[Finding]:
        """At once, or after I/O of its own. Raises `FeatureMissing` where it can say nothing."""


@dataclass(frozen=True, slots=True)
class Detector:
    """`weight` is how much of its score counts towards the risk, where the tenant says nothing else."""

    name: str
    assess: Assess
    weight: float


# The weights say what a detector can do alone, with thresholds of 50 and 80: velocity can block; an odd
# amount or a bad history asks for a review, and blocks together with another.
DETECTORS: tuple[Detector, ...] = (
    Detector("velocity", velocity.assess, weight=0.9),
    Detector("amount_anomaly", amount_anomaly.assess, weight=0.6),
    Detector("trust_history", trust_history.assess, weight=0.7),
)
