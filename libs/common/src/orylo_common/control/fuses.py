"""The fuse of a tenant: while it is tripped, a block by rules or by the risk is a review.

The detector trips it, and a person resets it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import BlockRate
from orylo_common.postgres.pool import Connection

# The first replica that notices trips it.
TRIP_FUSE = """
    INSERT INTO control.fuses AS f (tenant_id, tripped, tripped_at, payments, blocked, usual_rate, limit_rate)
    SELECT id, true, now(), $2, $3, $4, $5 FROM control.tenants WHERE id = $1
    ON CONFLICT (tenant_id) DO UPDATE
    SET tripped = true, tripped_at = now(), payments = EXCLUDED.payments, blocked = EXCLUDED.blocked,
        usual_rate = EXCLUDED.usual_rate, limit_rate = EXCLUDED.limit_rate
    WHERE NOT f.tripped
    RETURNING tenant_id
"""
RESET_FUSE = """
    UPDATE control.fuses SET tripped = false, reset_at = now(), reset_by = $2 WHERE tenant_id = $1 AND tripped
    RETURNING tripped_at
"""
SELECT_FUSE = """
    SELECT tripped, tripped_at, payments, blocked, usual_rate, limit_rate, reset_at, reset_by
    FROM control.fuses WHERE tenant_id = $1
"""


@dataclass(frozen=True, slots=True)
class FuseState:
    """The state of a fuse, with the figures of its last trip."""

    tripped: bool
    tripped_at: datetime | None = None
    rate: BlockRate | None = None
    reset_at: datetime | None = None
    reset_by: str | None = None


async def trip_fuse(connection: Connection, tenant_id: UUID, rate: BlockRate) -> bool:
    """Trip a tenant's fuse. Return whether it was not tripped before."""
    values = (rate.payments, rate.blocked, rate.usual, rate.limit)
    return await connection.fetchval(TRIP_FUSE, tenant_id, *values) is not None


async def reset_fuse(connection: Connection, tenant_id: UUID, *, reason: str, actor: Actor) -> FuseState:
    """Let rules and the risk block again. Raises `InvalidChange` if the fuse is not tripped."""
    tripped_at = await connection.fetchval(RESET_FUSE, tenant_id, actor.name)
    if tripped_at is None:
        raise InvalidChange("the fuse is not tripped")
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="fuse.reset",
        subject="fuse",
        before={"tripped_at": tripped_at.isoformat()},
        after={"reason": reason},
    )
    return await read_fuse(connection, tenant_id)


async def read_fuse(connection: Connection, tenant_id: UUID) -> FuseState:
    row = await connection.fetchrow(SELECT_FUSE, tenant_id)
    if row is None:
        return FuseState(tripped=False)
    rate = BlockRate(row["payments"], row["blocked"], row["usual_rate"], row["limit_rate"])
    return FuseState(row["tripped"], row["tripped_at"], rate, row["reset_at"], row["reset_by"])
