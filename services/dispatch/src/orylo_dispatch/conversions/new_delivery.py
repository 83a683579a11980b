"""A conversion for one destination, as a row of `dispatch.deliveries`."""

from dataclasses import dataclass, fields
from operator import attrgetter
from uuid import UUID

from orylo_common.messages import Match
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

    @property
    def key(self) -> DestinationKey:
        return self.tenant_id, self.destination_id

    @property
    def match(self) -> Match:
        return Match.model_validate(
            {"method": self.match_method, "confidence": self.match_confidence, "click_id": self.click_id}
        )


_NAMES = tuple(field.name for field in fields(NewDelivery))
DELIVERY_NAMES = ", ".join(_NAMES)
DELIVERY_COLUMNS = ", ".join(f"d.{name}" for name in _NAMES)
DELIVERY_VALUES = attrgetter(*_NAMES)
