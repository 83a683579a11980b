"""The messages that dispatch publishes about a conversion."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionDispatched, ConversionFact, ConversionFailed, encode
from orylo_dispatch.conversions.new_delivery import DELIVERY_COLUMNS, NewDelivery
from orylo_dispatch.delivery.deliverable import DeliverableColumns
from orylo_dispatch.domain.attempt import DeliveryAttempt


def announce(
    message_class: type[ConversionFact],
    delivery: NewDelivery,
    *,
    now: datetime,
    causation_id: UUID | None = None,
    **more: Any,
) -> Outgoing:
    message = message_class(
        message_id=uuid7(),
        tenant_id=delivery.tenant_id,
        correlation_id=delivery.correlation_id,
        causation_id=causation_id,
        occurred_at=now,
        conversion_id=delivery.delivery_id,
        event_id=delivery.event_id,
        payment_id=delivery.payment_id,
        destination_id=delivery.destination_id,
        destination=delivery.destination_kind,
        event_name=delivery.event_name,
        match=delivery.match,
        amount_minor=delivery.amount_minor,
        currency=delivery.currency,
        decision_version=delivery.decision_version,
        **more,
    )
    return Outgoing(message.message_id, message.type, encode(message, traceparent=delivery.traceparent))


@dataclass(frozen=True, slots=True)
class DeliverableConversion:
    """A conversion as the engine carries it. `payload` is the stored `OutgoingConversion`, not yet validated."""

    delivery: NewDelivery
    payload: Any

    @classmethod
    def read(cls, *columns: Any) -> Self:
        *delivery, payload = columns
        return cls(NewDelivery(*delivery), payload)

    @property
    def traceparent(self) -> str | None:
        return self.delivery.traceparent

    @property
    def log_fields(self) -> Mapping[str, str]:
        return {"conversion_id": str(self.delivery.delivery_id), "payment_id": self.delivery.payment_id}

    def dispatched(self, attempt: DeliveryAttempt, *, attempts: int, now: datetime) -> Outgoing:
        return announce(ConversionDispatched, self.delivery, now=now, attempts=attempts)

    def failed(self, *, attempts: int, code: str | None, reason: str | None, now: datetime) -> Outgoing:
        reason = reason or "The destination refused the conversion."
        return announce(ConversionFailed, self.delivery, now=now, attempts=attempts, reason=reason, code=code)


CONVERSION_COLUMNS = DeliverableColumns(
    "dispatch.deliveries", f"{DELIVERY_COLUMNS}, d.conversion", DeliverableConversion.read
)
