"""Forgetting what no repeat and no dispute can come for any more."""

from orylo_common.postgres.pool import Connection

# Longer than any gateway resends, and than a dead letter is left lying.
FORGET_CLAIMS = "DELETE FROM detector.decided WHERE decided_at < now() - interval '180 days'"
# Longer than a card network allows for a dispute (540 days).
FORGET_PAID = "DELETE FROM detector.paid WHERE learnt_at < now() - interval '20 months'"


async def forget_old(connection: Connection) -> None:
    await connection.execute(FORGET_CLAIMS)
    await connection.execute(FORGET_PAID)
