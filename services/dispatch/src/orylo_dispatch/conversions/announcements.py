"""The messages that dispatch publishes about a conversion."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import (
    ConversionAttempted,
    ConversionDispatched,
    ConversionFact,
    ConversionFailed,
    ReportedAttempt,
    encode,
)
from orylo_dispatch.conversions.new_delivery import DELIVERY_COLUMNS, NewDelivery
from orylo_dispatch.delivery.deliverable import DeliverableColumns
from orylo_dispatch.domain.attempt import NumberedAttempt


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
    def log_fields(self) -> Mapping[str, str]:
        return {"conversion_id": str(self.delivery.delivery_id), "payment_id": self.delivery.payment_id}

    def attempted(self, tried: NumberedAttempt, *, now: datetime) -> Outgoing:
        return announce(ConversionAttempted, self.delivery, now=now, attempt=_reported(tried))

    def dispatched(self, tried: NumberedAttempt, *, now: datetime) -> Outgoing:
        return announce(ConversionDispatched, self.delivery, now=now, attempts=tried.number, attempt=_reported(tried))

    def failed(
        self,
        *,
        attempts: int,
        code: str | None,
        reason: str | None,
        now: datetime,
        tried: NumberedAttempt | None = None,
    ) -> Outgoing:
        return announce(
            ConversionFailed,
            self.delivery,
            now=now,
            attempts=attempts,
            reason=reason or "The destination refused the conversion.",
            code=code,
            attempt=tried and _reported(tried),
        )


def _reported(tried: NumberedAttempt) -> ReportedAttempt:
    attempt = tried.attempt
    return ReportedAttempt(
        number=tried.number,
        at=tried.started_at,
        outcome=attempt.outcome,
        code=attempt.code,
        reason=attempt.reason,
        duration_ms=round(attempt.duration / timedelta(milliseconds=1)),
        trace_id=attempt.trace_id,
        next_at=tried.next_at,
    )


CONVERSION_COLUMNS = DeliverableColumns(
    "dispatch.deliveries", f"{DELIVERY_COLUMNS}, d.conversion", DeliverableConversion.read
)
