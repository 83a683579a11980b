"""Messages, and milestones of a payment that several messages report, may count only once: each claims its place.

All messages that follow from one webhook share a row of `api.claims`, which costs far less than a row each.
"""

from collections.abc import Sequence
from typing import Literal, Protocol
from uuid import UUID

from orylo_api.read_models.keys import derived_uuid
from orylo_common.messages import Message, PaymentSucceeded
from orylo_common.postgres.pool import Connection

Milestone = Literal["succeeded"]

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

    def take_milestone(self, tenant_id: UUID, milestone: Milestone, payment_id: str) -> bool:
        return self.take(tenant_id, _milestone_claim(milestone, payment_id))


async def claim(connection: Connection, batch: Sequence[Projectable]) -> Claims:
    """Record the batch's claims. Return those that were new."""
    wanted = sorted({(item.tenant_id, *claim) for item in batch for claim in claims_of(item)})
    rows = await connection.fetch(CLAIM, *zip(*wanted, strict=True))
    return Claims({(tenant_id, claim) for tenant_id, new in rows for claim in new})


def claims_of(item: Projectable) -> list[tuple[UUID, UUID]]:
    """Return the claims of an item, each with its subject, the key of the row that has the claim."""
    own = (item.correlation_id if isinstance(item, Message) else item.message_id, item.message_id)
    if isinstance(item, PaymentSucceeded) and not item.test:
        milestone = _milestone_claim("succeeded", item.payment_id)
    else:
        return [own]
    return [own, (milestone, milestone)]


def _milestone_claim(milestone: Milestone, payment_id: str) -> UUID:
    return derived_uuid(f"{milestone}:{payment_id}")
