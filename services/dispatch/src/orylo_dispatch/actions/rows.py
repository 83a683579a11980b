"""An action as a row of `dispatch.provider_actions`, and the messages about it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import ProviderAction, ProviderActionChanged, ProviderActionStatus, encode
from orylo_dispatch.delivery.deliverable import DeliverableColumns
from orylo_dispatch.delivery.sink import DestinationKey
from orylo_dispatch.domain.action import ActionRequest
from orylo_dispatch.domain.attempt import DeliveryAttempt, DeliveryState

TABLE = "dispatch.provider_actions"
STATUSES: Mapping[str, ProviderActionStatus] = {
    DeliveryState.PENDING: ProviderActionStatus.PENDING,
    DeliveryState.DISPATCHED: ProviderActionStatus.DONE,
    DeliveryState.FAILED: ProviderActionStatus.FAILED,
    DeliveryState.SUPPRESSED: ProviderActionStatus.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class ProviderActionRow:
    """The columns that the messages about an action, and the request to the provider, are made of."""

    delivery_id: UUID
    tenant_id: UUID
    destination_id: UUID
    destination_kind: str
    payment_id: str
    action: str
    correlation_id: UUID
    traceparent: str | None
    amount_minor: int
    currency: str
    livemode: bool
    detection_id: UUID
    decision_version: int
    decided_by: str
    contradiction: str | None
    revision: int
    redrives: int

    @property
    def key(self) -> DestinationKey:
        return self.tenant_id, self.destination_id

    def announce(
        self,
        status: ProviderActionStatus,
        *,
        attempts: int,
        now: datetime,
        revision: int | None = None,
        **answer: str | None,
    ) -> Outgoing:
        message = ProviderActionChanged(
            message_id=uuid7(),
            tenant_id=self.tenant_id,
            correlation_id=self.correlation_id,
            occurred_at=now,
            action_id=self.delivery_id,
            revision=self.revision if revision is None else revision,
            payment_id=self.payment_id,
            gateway=self.destination_kind,
            action=ProviderAction(self.action),
            status=status,
            detection_id=self.detection_id,
            decision_version=self.decision_version,
            decided_by=self.decided_by,
            amount_minor=self.amount_minor,
            currency=self.currency,
            attempts=attempts,
            contradiction=self.contradiction,
            **answer,
        )
        return Outgoing(message.message_id, message.type, encode(message, traceparent=self.traceparent))


ROW_COLUMNS = ", ".join(f"d.{field.name}" for field in fields(ProviderActionRow))
# What an UPDATE or INSERT of `d` returns, for `announced`.
RETURNED = f"{ROW_COLUMNS}, d.state, d.attempts, d.code, d.reason"


def announced(values: Any, now: datetime) -> tuple[ProviderActionRow, Outgoing]:
    """Return the row that a statement returned as `RETURNED`, and the message about its change."""
    *columns, state, attempts, code, reason = values
    row = ProviderActionRow(*columns)
    return row, row.announce(STATUSES[state], attempts=attempts, now=now, code=code, reason=reason)


@dataclass(frozen=True, slots=True)
class DeliverableAction:
    """An action as the engine carries it."""

    row: ProviderActionRow

    @classmethod
    def read(cls, *columns: Any) -> Self:
        return cls(ProviderActionRow(*columns))

    @property
    def payload(self) -> ActionRequest:
        row = self.row
        return ActionRequest(
            row.delivery_id, row.tenant_id, row.payment_id, ProviderAction(row.action), row.livemode, row.redrives
        )

    @property
    def traceparent(self) -> str | None:
        return self.row.traceparent

    @property
    def log_fields(self) -> Mapping[str, str]:
        return {"action_id": str(self.row.delivery_id), "payment_id": self.row.payment_id}

    def dispatched(self, attempt: DeliveryAttempt, *, attempts: int, now: datetime) -> Outgoing:
        return self.row.announce(
            ProviderActionStatus.DONE,
            attempts=attempts,
            now=now,
            revision=self.row.revision + 1,
            reference=attempt.reference,
            code=attempt.code,
            reason=attempt.reason,
        )

    def failed(self, *, attempts: int, code: str | None, reason: str | None, now: datetime) -> Outgoing:
        return self.row.announce(
            ProviderActionStatus.FAILED,
            attempts=attempts,
            now=now,
            revision=self.row.revision + 1,
            code=code,
            reason=reason or "The provider refused.",
        )


ACTION_COLUMNS = DeliverableColumns(TABLE, ROW_COLUMNS, DeliverableAction.read)
