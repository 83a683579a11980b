"""What may count only once: messages, and milestones of a payment that several messages report.

The inbox records both. A batch's claims that the inbox already has are repetitions.
"""

from collections.abc import Sequence
from typing import Literal, Protocol
from uuid import UUID

from orylo_api.read_models.keys import derived_uuid
from orylo_common.messages import Decision, DetectionCreated, PaymentSucceeded
from orylo_common.postgres.pool import Connection

Milestone = Literal["succeeded", "blocked"]

# Sorted by key, like the rows of every statement: two replicas lock in one order.
CLAIM = """
    INSERT INTO api.inbox (tenant_id, message_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, message_id
"""


class Projectable(Protocol):
    """Anything a projection can fold: a message, or a dead letter."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def message_id(self) -> UUID: ...


class Claims:
    """The claims of a batch that were new to the inbox. Each can be taken once."""

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
    """Record the batch in the inbox."""
    wanted = sorted({(item.tenant_id, claim) for item in batch for claim in claims_of(item)})
    rows = await connection.fetch(CLAIM, *zip(*wanted, strict=True))
    return Claims({(row[0], row[1]) for row in rows})


def claims_of(item: Projectable) -> list[UUID]:
    if isinstance(item, PaymentSucceeded) and not item.test:
        return [item.message_id, _milestone_claim("succeeded", item.payment_id)]
    if isinstance(item, DetectionCreated) and item.decision is Decision.BLOCK:
        return [item.message_id, _milestone_claim("blocked", item.payment_id)]
    return [item.message_id]


def _milestone_claim(milestone: Milestone, payment_id: str) -> UUID:
    return derived_uuid(f"{milestone}:{payment_id}")
