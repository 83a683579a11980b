"""The facts about actions that the handlers record. `store.py` writes many in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from orylo_common.messages import ProviderAction
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.domain.action import DecidedPayment


@dataclass(frozen=True, slots=True)
class ActionDecided:
    """A decision on a payment, and the action at the destination that it asks for, if any."""

    decided: DecidedPayment
    action: ProviderAction | None
    destination_id: UUID
    destination_kind: str
    wait: timedelta
    message_id: UUID
    correlation_id: UUID
    traceparent: str | None = None

    @property
    def payment_key(self) -> tuple[UUID, str]:
        return self.decided.tenant_id, self.decided.payment_id


@dataclass(frozen=True, slots=True)
class RefundPrevented:
    """The payment was refunded in another way, or is disputed. `code` says which."""

    tenant_id: UUID
    payment_id: str
    code: str


@dataclass(frozen=True, slots=True)
class ActionRedriveAsked:
    tenant_id: UUID
    action_id: UUID
    message_id: UUID


ActionFact = ActionDecided | RefundPrevented | ActionRedriveAsked


Seen = Sequence[tuple[ActionDecided, SideEffects]]
