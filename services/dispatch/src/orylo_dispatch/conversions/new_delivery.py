"""A conversion for one destination, as a row of `dispatch.deliveries`."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_common.messages import Match
from orylo_common.postgres.tables import Table
from orylo_dispatch.delivery.sink import DestinationKey


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """The columns that the messages about a conversion are made of."""

    delivery_id: UUID
    tenant_id: UUID
    destination_id: UUID
    destination_kind: str
    payment_id: str
    event_name: str
    event_id: str
    correlation_id: UUID
    traceparent: str | None
    amount_minor: int
    currency: str
    match_method: str
    match_confidence: float
    click_id: str | None
    # A list of methods, and the values of a `Utm`, as JSON.
    match_tried: Any
    match_utm: Any
    decision_version: int

    @property
    def key(self) -> DestinationKey:
        return self.tenant_id, self.destination_id

    @property
    def match(self) -> Match:
        return Match.model_validate(
            {
                "method": self.match_method,
                "confidence": self.match_confidence,
                "click_id": self.click_id,
                "tried": self.match_tried,
                "utm": self.match_utm,
            }
        )


@dataclass(frozen=True, slots=True)
class DeliveryRow(NewDelivery):
    """All columns that are written when a delivery is added. `conversion` is an `OutgoingConversion` as JSON."""

    paid_at: datetime
    conversion: Any
    state: str
    reason: str | None
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None


DELIVERIES = Table("dispatch.deliveries", DeliveryRow)
DELIVERY_COLUMNS = ", ".join(f"d.{field.name}" for field in fields(NewDelivery))
