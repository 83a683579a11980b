"""From every message that names a customer to rows of api.customers_view."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import DetectionCreated, PaymentFact, TrustUpdated
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(slots=True)
class SeenCustomer:
    tenant_id: UUID
    customer_id: str
    created_at: datetime


SEEN_CUSTOMERS = Table("api.customers_view", SeenCustomer)

# A new customer has the tenant's start score until the first trust change arrives.
# The last condition avoids a write for most payments of returning customers.
SEE_CUSTOMERS = f"""
    INSERT INTO api.customers_view AS stored (tenant_id, customer_id, trust_score, status, version, created_at)
    SELECT given.tenant_id, customer_id,
           CASE WHEN s.value -> 'start' BETWEEN '0' AND '100' THEN (s.value -> 'start')::smallint
                ELSE {TrustPolicy().start} END,
           'neutral', 0, created_at
    FROM {SEEN_CUSTOMERS.unnest}
    LEFT JOIN control.settings AS s ON s.tenant_id = given.tenant_id AND s.section = '{TrustPolicy.section}'
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET created_at = EXCLUDED.created_at
    WHERE EXCLUDED.created_at < stored.created_at
"""  # noqa: S608


class CustomerProjection:
    def __init__(self) -> None:
        self._seen: dict[tuple[UUID, str], SeenCustomer] = {}

    def fold(self, message: PaymentFact | DetectionCreated | TrustUpdated, effects: Effects) -> None:
        if message.customer_id is None:
            return
        key = (message.tenant_id, message.customer_id)
        seen = self._seen.get(key)
        if seen is None:
            self._seen[key] = SeenCustomer(*key, message.occurred_at)
        elif message.occurred_at < seen.created_at:
            seen.created_at = message.occurred_at

    async def write(self, connection: Connection) -> None:
        await SEEN_CUSTOMERS.execute(connection, SEE_CUSTOMERS, self._seen.values())
