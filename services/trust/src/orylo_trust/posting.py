"""What one message asks of one customer's account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_trust.domain.account import StatusChange
from orylo_trust.domain.ledger import Cause, Entry


@dataclass(frozen=True, slots=True)
class Posting:
    """Also what its announcement has to carry.

    `customer_id` is whom the message names; attribution puts the payment's customer in its place. With
    `moved_from` its rows are in the ledger already, and were that customer's until now.
    """

    tenant_id: UUID
    customer_id: str | None
    start: int
    message_id: UUID
    correlation_id: UUID
    occurred_at: datetime
    entries: tuple[Entry, ...] = ()
    payment_id: str = ""
    event_id: str | None = None
    status_change: StatusChange | None = None
    traceparent: str | None = None
    moved_from: str | None = None

    @property
    def payment(self) -> tuple[UUID, str]:
        return self.tenant_id, self.payment_id

    @property
    def pays(self) -> bool:
        return any(entry.cause is Cause.CLEAN_PAYMENT for entry in self.entries)
