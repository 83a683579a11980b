"""From merges, unmerges and limits of merging to the customers' rows, their merges, and the reviews.

They are rare, so each is a statement of its own.
"""

from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_common.messages import CustomerMerged, CustomerMergeLimited, CustomerUnmerged
from orylo_common.postgres.pool import Connection

SET_PEOPLE = """
    UPDATE api.customers_view SET people = $4, merge_version = $3
    WHERE tenant_id = $1 AND customer_id = $2 AND merge_version < $3
"""
# Messages name an actor by id; people know users by their email addresses and API keys by their names.
ADD_MERGE = """
    INSERT INTO api.customer_merges (tenant_id, customer_id, version, people, actor, reason, occurred_at)
    SELECT $1, $2, $3, $4, coalesce(
        (SELECT email FROM control.users WHERE tenant_id = $1 AND 'user:' || id = $5),
        (SELECT name FROM control.api_keys WHERE tenant_id = $1 AND 'api_key:' || id = $5),
        $5
    ), $6, $7
    ON CONFLICT DO NOTHING
"""
# The same limit is exceeded by more and more customers. A dismissed review stays dismissed.
ADD_REVIEW = """
    INSERT INTO api.merge_reviews_view AS stored (tenant_id, id, exceeded, customers, created_at)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        customers = CASE WHEN cardinality(EXCLUDED.customers) > cardinality(stored.customers) THEN EXCLUDED.customers
                         ELSE stored.customers END,
        created_at = least(EXCLUDED.created_at, stored.created_at)
"""


class MergeProjection:
    """Follows the customers' rows: they must be there to be updated."""

    def __init__(self) -> None:
        self._changes: list[CustomerMerged | CustomerUnmerged] = []
        self._limits: dict[tuple[UUID, UUID], list[CustomerMergeLimited]] = {}

    def fold(self, message: CustomerMerged | CustomerUnmerged | CustomerMergeLimited, effects: Effects) -> None:
        if isinstance(message, CustomerMergeLimited):
            self._limits.setdefault((message.tenant_id, message.limit_id), []).append(message)
        else:
            self._changes.append(message)

    async def write(self, connection: Connection) -> None:
        # Sorted by key, so that concurrent transactions lock in one order.
        for change in sorted(self._changes, key=lambda each: (each.tenant_id, each.customer_id, each.version)):
            people = change.people if isinstance(change, CustomerMerged) else None
            key = (change.tenant_id, change.customer_id, change.version)
            await connection.execute(SET_PEOPLE, *key, people)
            await connection.execute(ADD_MERGE, *key, people, change.actor, change.reason, change.occurred_at)
        for (tenant_id, limit_id), limited in sorted(self._limits.items()):
            for each in limited:
                values = (each.limit, each.customers, each.occurred_at)
                await connection.execute(ADD_REVIEW, tenant_id, limit_id, *values)
