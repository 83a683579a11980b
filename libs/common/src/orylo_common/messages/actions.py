"""Messages about cancellations and refunds of blocked payments at their provider."""

from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from orylo_common.messages.message import Message


class ProviderAction(StrEnum):
    # Of a payment that is not captured.
    CANCEL = "cancel"
    # Of all that is captured and not refunded yet.
    REFUND = "refund"


class ProviderActionStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    # Not needed any more before it was carried out.
    WITHDRAWN = "withdrawn"


class ProviderActionFact(Message):
    action_id: UUID = Field(description="derived from the tenant, the payment and the action")

    @property
    def subject(self) -> str:
        return str(self.action_id)


class ProviderActionChanged(ProviderActionFact):
    """An action at the provider has a new state. A consumer keeps the one with the highest `revision`."""

    type: Literal["provider_action.changed.v1"] = "provider_action.changed.v1"
    source: ClassVar[str] = "orylo/dispatch"

    revision: int = Field(ge=0, description="increases with each change, with gaps")
    payment_id: str
    gateway: str
    action: ProviderAction
    status: ProviderActionStatus
    detection_id: UUID = Field(description="the decision that asked for it")
    decision_version: int = Field(ge=0, description="of the newest decision that was taken into account")
    decided_by: str = Field(description="the decision's override, or `risk`")
    amount_minor: int = Field(ge=0, description="the payment's")
    currency: str
    attempts: int = Field(ge=0)
    reference: str | None = Field(default=None, description="the provider's id of its result, such as a refund's")
    code: str | None = Field(default=None, description="the provider's own code, or why the action was withdrawn")
    reason: str | None = Field(default=None, description="a sentence for users, without secrets or personal data")
    contradiction: str | None = Field(
        default=None, description="why it should not have been done: `block_lifted`. It cannot be undone"
    )

    @property
    def has_refunded(self) -> bool:
        """Return whether the payment is refunded because the platform requested it, and not its buyer."""
        return self.action is ProviderAction.REFUND and self.status is ProviderActionStatus.DONE


class ProviderActionRedriveRequested(ProviderActionFact):
    """A user requested another attempt at a failed action."""

    type: Literal["provider_action.redrive_requested.v1"] = "provider_action.redrive_requested.v1"
    source: ClassVar[str] = "orylo/api"

    actor: str
