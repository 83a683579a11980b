"""A tenant's detection policy as its feature flags leave it."""

from dataclasses import dataclass
from uuid import UUID

from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.detectors import DETECTORS

FLAG_OF = {detector.name: f"detector.{detector.name}" for detector in DETECTORS}


@dataclass(frozen=True, slots=True)
class FlaggedPolicies:
    """DetectionPolicySource over the control plane. A detector that is switched off has the weight 0."""

    plane: ControlPlane

    def policy(self, tenant_id: UUID, gateway: str, /) -> DetectionPolicy:
        policy = self.plane.settings(tenant_id, DetectionPolicy)
        if not self.plane.has_flags:
            return policy
        off = [name for name, flag in FLAG_OF.items() if not self.plane.is_enabled(flag, tenant_id, gateway)]
        return policy.model_copy(update={"weights": policy.weights | dict.fromkeys(off, 0.0)}) if off else policy
