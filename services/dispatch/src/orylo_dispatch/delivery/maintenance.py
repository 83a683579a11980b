"""Periodic maintenance of the delivery queue. Each job runs on one replica at a time."""

from collections.abc import Mapping
from datetime import timedelta

from orylo_common.clock import Clock
from orylo_common.postgres.pool import Connection
from orylo_dispatch.delivery.deliverable import DeliverableColumns
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.metrics import DELIVERIES, OLDEST_DUE_SECONDS, WAITING
from orylo_dispatch.outbox import write_messages

# The most rows in one transaction; the next run takes more.
ROWS = 5000

# A token that was never renewed or a destination that is switched off has kept them here.
DISCARD_EXPIRED = """
    UPDATE {table} AS d
    SET state = 'failed', settled_at = $1, started_at = NULL, code = coalesce(d.code, 'too_old'),
        reason = concat_ws(' ', 'It became too old for the destination before it could be sent.', d.reason)
    WHERE d.delivery_id IN (
        SELECT due.delivery_id FROM {table} AS due
        JOIN unnest($2::text[], $3::timestamptz[]) AS kinds (kind, oldest) ON due.destination_kind = kinds.kind
        WHERE due.state = 'pending' AND due.paid_at < kinds.oldest AND due.due_at <= $1
        LIMIT $4 FOR UPDATE OF due SKIP LOCKED
    )
    RETURNING d.destination_kind, d.attempts, d.code, d.reason, {columns}
"""

# One query per state: each reads its own small index, however many settled deliveries there are.
COUNT_WAITING = """
    SELECT (SELECT count(*) FROM {table} WHERE state = 'held') AS held,
           count(*) FILTER (WHERE due_at <= $1) AS due,
           count(*) FILTER (WHERE due_at > $1) AS later,
           coalesce(extract(epoch FROM $1 - min(due_at) FILTER (WHERE due_at <= $1)), 0) AS oldest
    FROM {table} WHERE state = 'pending'
"""


class DeliveryMaintenance:
    """Jobs for `run_periodically`. The outbox sweeper publishes their messages.

    `max_ages`: by kind of destination, the age at which a delivery is discarded.
    """

    def __init__(self, clock: Clock, columns: DeliverableColumns, max_ages: Mapping[str, timedelta]) -> None:
        self._clock = clock
        self._discard = DISCARD_EXPIRED.format(table=columns.table, columns=columns.sql)
        self._count = COUNT_WAITING.format(table=columns.table)
        self._read = columns.read
        self._max_ages = max_ages

    async def discard_expired(self, connection: Connection) -> None:
        now = self._clock.now()
        oldest = [now - max_age for max_age in self._max_ages.values()]
        rows = await connection.fetch(self._discard, now, list(self._max_ages), oldest, ROWS)
        await write_messages(
            connection,
            [
                self._read(*columns).failed(attempts=attempts, code=code, reason=reason, now=now)
                for _, attempts, code, reason, *columns in rows
            ],
        )
        for kind, *_ in rows:
            DELIVERIES.labels(kind, DeliveryState.FAILED).inc()

    async def count_waiting(self, connection: Connection) -> None:
        row = await connection.fetchrow(self._count, self._clock.now())
        if row is not None:
            for state in ("held", "due", "later"):
                WAITING.labels(state).set(row[state])
            OLDEST_DUE_SECONDS.set(float(row["oldest"]))
