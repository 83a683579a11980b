"""A tenant's policies as its feature flags leave them."""

from uuid import UUID

from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.actions import ActionMode, ActionPolicy
from orylo_common.control.sections.dispatch import METHODS, DispatchPolicy, MethodPolicy

OFF = MethodPolicy(confidence=0, look_back_days=0)
MATCHES_NOTHING: dict[str, MethodPolicy] = dict.fromkeys(METHODS, OFF)


def dispatch_policy(plane: ControlPlane, tenant_id: UUID, gateway: str) -> DispatchPolicy:
    """Return the policy for a gateway's payments. While matching is off, no method matches."""
    policy = plane.settings(tenant_id, DispatchPolicy)
    return policy if plane.is_enabled("matching", tenant_id, gateway) else policy.model_copy(update=MATCHES_NOTHING)


def action_policy(plane: ControlPlane, tenant_id: UUID, gateway: str) -> ActionPolicy:
    """Return the policy for a gateway's payments. While actions are off, a block leads to none."""
    policy = plane.settings(tenant_id, ActionPolicy)
    is_on = plane.is_enabled("provider_actions", tenant_id, gateway)
    return policy if is_on else policy.model_copy(update={"on_block": ActionMode.OFF})
