"""The rules by which a decision on a payment leads to an action at its provider."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from orylo_common.control.sections.actions import ActionMode, ActionPolicy
from orylo_common.messages import Decision, PaymentCreated, PaymentSucceeded, ProviderAction, type_of

PAID, NOT_CAPTURED = type_of(PaymentSucceeded), type_of(PaymentCreated)

# Why an action is withdrawn, or contradicts the newest decision.
LIFTED, CAPTURED, NOT_ASKED, DISPUTED, REFUNDED = "block_lifted", "captured", "not_asked", "disputed", "refunded"
REASONS = {
    LIFTED: "A newer decision no longer blocks the payment.",
    CAPTURED: "The payment was captured before it could be cancelled.",
    NOT_ASKED: "The settings no longer ask for it.",
    DISPUTED: "The payment is disputed, and a disputed payment cannot be refunded.",
    REFUNDED: "The payment was refunded in another way.",
}

_IDS = UUID("8a2b7c7e-0f0e-5c62-9a35-5f0f7d0c1f5a")


@dataclass(frozen=True, slots=True)
class DecidedPayment:
    """A decision on a payment of a provider. `decided_by` is the decision's override, or `risk`."""

    tenant_id: UUID
    payment_id: str
    payment_type: str
    occurred_at: datetime
    amount_minor: int
    currency: str
    livemode: bool
    detection_id: UUID
    decision: Decision
    version: int
    decided_by: str

    @property
    def is_blocked(self) -> bool:
        return self.decision is Decision.BLOCK


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """An action to carry out. `redrives` counts the requests of people to try it again."""

    action_id: UUID
    tenant_id: UUID
    payment_id: str
    action: ProviderAction
    livemode: bool
    redrives: int


def action_for(decided: DecidedPayment, policy: ActionPolicy) -> ProviderAction | None:
    """Return what the tenant asks for, or None."""
    if not decided.is_blocked or not decided.amount_minor:
        return None
    if policy.decided_by == "override" and decided.decided_by == "risk":
        return None
    if decided.amount_minor > policy.max_amount_minor.get(decided.currency, decided.amount_minor):
        return None
    if decided.payment_type == PAID:
        return ProviderAction.REFUND if policy.on_block in (ActionMode.REFUND, ActionMode.BOTH) else None
    return ProviderAction.CANCEL if policy.on_block in (ActionMode.CANCEL, ActionMode.BOTH) else None


def withdrawal_of(decided: DecidedPayment) -> str:
    """Return why other actions than the wanted one are withdrawn."""
    if not decided.is_blocked:
        return LIFTED
    return CAPTURED if decided.payment_type == PAID else NOT_ASKED


def action_id(tenant_id: UUID, payment_id: str, action: ProviderAction) -> UUID:
    """Return the action's id, by which the provider also recognises a repeat."""
    return uuid5(_IDS, f"{tenant_id}:{payment_id}:{action}")
