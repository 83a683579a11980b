"""From every message that names a customer to rows of api.customers_view."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import CustomerMerged, CustomerUnmerged, DetectionCreated, PaymentFact, TrustUpdated
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


_SHOWN = "tenant_id, customer_id, stored.trust_score, stored.version, coalesce(stored.updated_at, stored.created_at)"
# A stored row that needed no write is read instead. One that another transaction inserts meanwhile is left out.
SEE_AND_READ_CUSTOMERS = f"""
    WITH written AS ({SEE_CUSTOMERS} RETURNING {_SHOWN})
    SELECT * FROM written
    UNION ALL
    SELECT {_SHOWN}
    FROM {SEEN_CUSTOMERS.unnest} JOIN api.customers_view AS stored USING (tenant_id, customer_id)
    WHERE (tenant_id, customer_id) NOT IN (SELECT tenant_id, customer_id FROM written)
"""  # noqa: S608


class CustomerProjection:
    """Streams the trust score of each customer that a decision names, which only changes of trust would show."""

    def __init__(self) -> None:
        self._seen: dict[tuple[UUID, str], SeenCustomer] = {}
        self._decided_on: dict[tuple[UUID, str], Effects] = {}

    def fold(
        self,
        message: PaymentFact | DetectionCreated | TrustUpdated | CustomerMerged | CustomerUnmerged,
        effects: Effects,
    ) -> None:
        if message.customer_id is None:
            return
        key = (message.tenant_id, message.customer_id)
        if isinstance(message, DetectionCreated):
            self._decided_on[key] = effects
        seen = self._seen.get(key)
        if seen is None:
            self._seen[key] = SeenCustomer(*key, message.occurred_at)
        elif message.occurred_at < seen.created_at:
            seen.created_at = message.occurred_at

    async def write(self, connection: Connection) -> None:
        if not self._decided_on:
            await SEEN_CUSTOMERS.execute(connection, SEE_CUSTOMERS, self._seen.values())
            return
        for row in await SEEN_CUSTOMERS.fetch(connection, SEE_AND_READ_CUSTOMERS, self._seen.values()):
            tenant_id, customer_id, trust_score, version, updated_at = row
            if effects := self._decided_on.get((tenant_id, customer_id)):
                data = {
                    "customer_id": customer_id,
                    "trust_score": trust_score,
                    "version": version,
                    "updated_at": updated_at,
                }
                effects.stream(tenant_id, b"customer.seen", data)
