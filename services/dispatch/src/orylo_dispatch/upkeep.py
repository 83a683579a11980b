"""What has to be done now and then, by one replica at a time."""

from datetime import timedelta

from orylo_common.clock import Clock
from orylo_common.messages import ConversionFailed, ConversionMatched
from orylo_common.postgres.pool import Connection
from orylo_dispatch.announcements import INSERT_OUTBOX, announce, outbox_columns
from orylo_dispatch.domain.attempt import State
from orylo_dispatch.domain.conversion import OLDEST
from orylo_dispatch.facts import DELIVERY_COLUMNS, Delivery
from orylo_dispatch.metrics import DELIVERIES, OLDEST_DUE_SECONDS, WAITING

# A decision takes milliseconds. After this the detector is away, and a sale told late is worth less every hour.
LONGEST_HOLD = timedelta(minutes=10)
# Rows in one transaction; the next run takes the rest.
ROWS = 5000

RELEASE_UNDECIDED = f"""
    UPDATE dispatch.deliveries AS d SET state = 'pending', due_at = $1
    WHERE d.delivery_id IN (
        SELECT delivery_id FROM dispatch.deliveries WHERE state = 'held' AND created_at < $2
        ORDER BY created_at LIMIT {ROWS} FOR UPDATE SKIP LOCKED
    )
    RETURNING {DELIVERY_COLUMNS}
"""  # noqa: S608

# Whatever kept it back (a token, a destination switched off): no destination takes it any more.
GIVE_UP_OLD = f"""
    UPDATE dispatch.deliveries AS d
    SET state = 'failed', settled_at = $1, started_at = NULL, code = coalesce(d.code, 'too_old'),
        reason = concat_ws(' ', 'The payment grew too old while it could not be sent.', d.reason)
    WHERE d.delivery_id IN (
        SELECT delivery_id FROM dispatch.deliveries WHERE state = 'pending' AND paid_at < $2 AND due_at <= $1
        LIMIT {ROWS} FOR UPDATE SKIP LOCKED
    )
    RETURNING {DELIVERY_COLUMNS}, d.attempts, d.code, d.reason
"""  # noqa: S608

# Each state by itself, so that each reads its own small index however many deliveries are done.
COUNT_WAITING = """
    SELECT (SELECT count(*) FROM dispatch.deliveries WHERE state = 'held') AS held,
           count(*) FILTER (WHERE due_at <= $1) AS due,
           count(*) FILTER (WHERE due_at > $1) AS later,
           coalesce(extract(epoch FROM $1 - min(due_at) FILTER (WHERE due_at <= $1)), 0) AS oldest
    FROM dispatch.deliveries WHERE state = 'pending'
"""


class Upkeep:
    """Jobs for `run_periodically`. What they announce leaves through the outbox's sweeper."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def release_undecided(self, connection: Connection) -> None:
        now = self._clock.now()
        rows = await connection.fetch(RELEASE_UNDECIDED, now, now - LONGEST_HOLD)
        messages = [announce(ConversionMatched, Delivery(*row), now=now) for row in rows]
        await connection.execute(INSERT_OUTBOX, *outbox_columns(messages))

    async def give_up_old(self, connection: Connection) -> None:
        now = self._clock.now()
        rows = await connection.fetch(GIVE_UP_OLD, now, now - OLDEST)
        messages = [
            announce(ConversionFailed, Delivery(*columns), now=now, attempts=attempts, code=code, reason=reason)
            for *columns, attempts, code, reason in rows
        ]
        await connection.execute(INSERT_OUTBOX, *outbox_columns(messages))
        for row in rows:
            DELIVERIES.labels(row["destination_kind"], State.FAILED).inc()

    async def count_waiting(self, connection: Connection) -> None:
        row = await connection.fetchrow(COUNT_WAITING, self._clock.now())
        if row is not None:
            for state in ("held", "due", "later"):
                WAITING.labels(state).set(row[state])
            OLDEST_DUE_SECONDS.set(float(row["oldest"]))
