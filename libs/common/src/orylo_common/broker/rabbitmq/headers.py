"""Read and write the headers that record a message's earlier deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from orylo_common.broker.topology import DELIVERY_LIMIT, POISON

# Deliveries before the message last moved to another queue; the broker's own count starts again there.
DELIVERIES = "orylo-deliveries"
FIRST_FAILED_AT = "orylo-first-failed-at"
REASON = "orylo-reason"
ATTEMPTS = "orylo-attempts"


@dataclass(frozen=True, slots=True)
class DeliveryHistory:
    """A message's delivery count, and the reason and the number of attempts for a dead letter."""

    delivery_count: int
    first_failed_at: datetime | None = None
    reason: str | None = None
    attempts: int = 0

    @classmethod
    def read(cls, headers: Mapping[str, Any]) -> Self:
        """Read the history from a delivery's headers. Counts the delivery itself."""
        redeliveries = int(headers.get("x-delivery-count", 0))
        failed_at = headers.get(FIRST_FAILED_AT)
        history = cls(
            int(headers.get(DELIVERIES, 0)) + redeliveries + 1,
            datetime.fromisoformat(failed_at) if failed_at else None,
            headers.get(REASON),
            int(headers.get(ATTEMPTS, 0)),
        )
        if history.reason is None and (stopped_at := _delivery_limit_reached_at(headers)):
            # The broker moved the message here. It does not write our headers, and restarts its count.
            return cls(redeliveries + 1, history.first_failed_at or stopped_at, POISON, DELIVERY_LIMIT)
        return history

    def failed(self) -> Self:
        """Return the history with this delivery recorded as failed."""
        first_failed_at = self.first_failed_at or datetime.now(UTC)
        return type(self)(self.delivery_count, first_failed_at, self.reason, self.attempts)

    def headers(self, deliveries: int) -> dict[str, Any]:
        """Return the headers for moving the message to another queue after `deliveries` deliveries."""
        values = {
            DELIVERIES: deliveries,
            FIRST_FAILED_AT: self.first_failed_at.isoformat() if self.first_failed_at else None,
            REASON: self.reason,
            ATTEMPTS: self.attempts,
        }
        return {name: value for name, value in values.items() if value}


def _delivery_limit_reached_at(headers: Mapping[str, Any]) -> datetime | None:
    """Return when the broker's delivery limit stopped the message, if it did."""
    for death in headers.get("x-death") or ():
        if death.get("reason") == "delivery_limit":
            at: datetime = death["time"]
            return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None
