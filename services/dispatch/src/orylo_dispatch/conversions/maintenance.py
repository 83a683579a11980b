"""Periodic maintenance of conversions. Each job runs on one replica at a time."""

from datetime import timedelta

from orylo_common.clock import Clock
from orylo_common.control.sections.dispatch import LONGEST_LOOK_BACK
from orylo_common.messages import ConversionMatched
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.announcements import announce
from orylo_dispatch.conversions.new_delivery import DELIVERY_COLUMNS, NewDelivery
from orylo_dispatch.outbox import write_messages

# The detector decides within milliseconds. After this time it is down, and a conversion loses value every hour.
LONGEST_HOLD = timedelta(minutes=10)
# A redelivered message may still ask for a decision, or bring one, for this long.
KEEP_DECISIONS = timedelta(days=30)
# A payment may be some days older than the webhook that reports it.
KEEP_CLICKS = LONGEST_LOOK_BACK + timedelta(days=7)
# No destination accepts an older payment.
KEEP_ENRICHMENTS = timedelta(days=7)
# The most rows in one transaction; the next run takes more.
ROWS = 5000

RELEASE_UNDECIDED = f"""
    UPDATE dispatch.deliveries AS d SET state = 'pending', due_at = $1
    WHERE d.delivery_id IN (
        SELECT delivery_id FROM dispatch.deliveries WHERE state = 'held' AND created_at < $2
        ORDER BY created_at LIMIT {ROWS} FOR UPDATE SKIP LOCKED
    )
    RETURNING {DELIVERY_COLUMNS}
"""  # noqa: S608

DELETE_CLICKS = f"""
    DELETE FROM dispatch.clicks WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM dispatch.clicks WHERE recorded_at < $1 ORDER BY recorded_at LIMIT {ROWS}))
"""  # noqa: S608
DELETE_DECISIONS = f"""
    DELETE FROM dispatch.decisions WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM dispatch.decisions WHERE created_at < $1 ORDER BY created_at LIMIT {ROWS}))
"""  # noqa: S608
DELETE_ENRICHMENTS = f"""
    DELETE FROM dispatch.enrichments WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM dispatch.enrichments WHERE created_at < $1 ORDER BY created_at LIMIT {ROWS}))
"""  # noqa: S608


class ConversionMaintenance:
    """Jobs for `run_periodically`. The outbox sweeper publishes their messages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def release_undecided(self, connection: Connection) -> None:
        now = self._clock.now()
        rows = await connection.fetch(RELEASE_UNDECIDED, now, now - LONGEST_HOLD)
        await write_messages(connection, [announce(ConversionMatched, NewDelivery(*row), now=now) for row in rows])

    async def delete_old(self, connection: Connection) -> None:
        now = self._clock.now()
        await connection.execute(DELETE_CLICKS, now - KEEP_CLICKS)
        await connection.execute(DELETE_DECISIONS, now - KEEP_DECISIONS)
        await connection.execute(DELETE_ENRICHMENTS, now - KEEP_ENRICHMENTS)
