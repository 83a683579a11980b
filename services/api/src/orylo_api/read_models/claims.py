"""A message may count only once: it claims its place.

All messages that follow from one webhook share a row of `api.claims`, which costs far less than a row each.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from orylo_common.messages import Message
from orylo_common.postgres.pool import Connection

# Sorted by key, like the rows of every statement: two replicas lock in one order. `known` is the number of claims
# before this batch. `api.inbox` has the claims of earlier versions, until its retention has deleted them.
CLAIM = """
    INSERT INTO api.claims AS stored (tenant_id, subject, claims)
    SELECT tenant_id, subject, array_agg(claim)
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS given (tenant_id, subject, claim)
    WHERE NOT EXISTS (SELECT FROM api.inbox AS i WHERE i.tenant_id = given.tenant_id AND i.message_id = given.claim)
    GROUP BY tenant_id, subject ORDER BY tenant_id, subject
    ON CONFLICT (tenant_id, subject) DO UPDATE SET
        known = cardinality(stored.claims),
        claims = stored.claims || ARRAY(SELECT unnest(EXCLUDED.claims) EXCEPT SELECT unnest(stored.claims)),
        claimed_at = now()
    WHERE NOT EXCLUDED.claims <@ stored.claims
    RETURNING tenant_id, claims[known + 1:] AS new
"""


class Projectable(Protocol):
    """Anything a projection can fold: a message, or a dead letter."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def message_id(self) -> UUID: ...


class Claims:
    """The claims of a batch that were new. Each can be taken once."""

    def __init__(self, new: set[tuple[UUID, UUID]]) -> None:
        self._new = new

    def take(self, tenant_id: UUID, claim: UUID) -> bool:
        """Return whether the claim was new, and not taken before."""
        try:
            self._new.remove((tenant_id, claim))
        except KeyError:
            return False
        return True


async def claim(connection: Connection, batch: Sequence[Projectable]) -> Claims:
    """Record the batch's claims. Return those that were new."""
    wanted = sorted({(item.tenant_id, subject_of(item), item.message_id) for item in batch})
    rows = await connection.fetch(CLAIM, *zip(*wanted, strict=True))
    return Claims({(tenant_id, claim) for tenant_id, new in rows for claim in new})


def subject_of(item: Projectable) -> UUID:
    """Return the key of the row that has the item's claim."""
    return item.correlation_id if isinstance(item, Message) else item.message_id
