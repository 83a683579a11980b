"""Open webhooks in quarantine, selected for a group or a bulk action."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.jobs.bulk_models import MAX_ITEMS, MoneyTotal
from orylo_api.jobs.stored_ids import ids_of, texts_of
from orylo_api.quarantine.models import QuarantineFilter
from orylo_common.postgres.pool import Connection

MAX_CAUSE = 200


# `$1` now, `$2` ids, `$3` gateway, `$4` kind, `$5` cause, `$6` from, `$7` to.
OPEN = f"""
    SELECT q.tenant_id, q.id, q.created_at, q.gateway, q.kind, q.gateway_event_type, q.reason,
           left(q.reason, {MAX_CAUSE}) AS cause, CASE WHEN q.kind = 'conflict' THEN 'conflict' END AS obstacle
    FROM api.quarantine_view AS q
    WHERE q.state = 'open' AND q.created_at <= $1
      AND ($2::uuid[] IS NULL OR q.id = ANY ($2)) AND ($3::text IS NULL OR q.gateway = $3)
      AND ($4::text IS NULL OR q.kind = $4) AND ($5::text IS NULL OR left(q.reason, {MAX_CAUSE}) = $5)
      AND ($6::timestamptz IS NULL OR q.created_at >= $6) AND ($7::timestamptz IS NULL OR q.created_at < $7)
"""  # noqa: S608
COUNT = f"SELECT obstacle, count(*) FROM ({OPEN} LIMIT {MAX_ITEMS + 1}) AS selected GROUP BY obstacle"  # noqa: S608
COUNT_STATES = "SELECT state, count(*) FROM api.quarantine_view WHERE id = ANY ($1) GROUP BY state"
NEXT = f"""
    SELECT * FROM ({OPEN}) AS selected
    WHERE (obstacle IS NULL OR $8) AND ($9::timestamptz IS NULL OR (created_at, id) < ($9, $10::uuid))
    ORDER BY created_at DESC, id DESC LIMIT $11
"""  # noqa: S608


class QuarantineSelection:
    """Webhooks that were in quarantine and open at `now`, by id or by a filter."""

    def __init__(
        self, now: datetime, *, ids: Sequence[UUID] | None = None, where: QuarantineFilter | None = None
    ) -> None:
        self._now, self.ids, self._where = now, ids, where or QuarantineFilter()

    @property
    def values(self) -> tuple[Any, ...]:
        """The values of `OPEN`."""
        where = self._where
        return (self._now, self.ids, where.gateway, where.kind, where.cause, where.from_, where.to)

    async def count(self, connection: Connection) -> Mapping[str | None, int]:
        return {row["obstacle"]: row["count"] for row in await connection.fetch(COUNT, *self.values)}

    async def count_states(self, connection: Connection) -> Mapping[str, int]:
        return {row["state"]: row["count"] for row in await connection.fetch(COUNT_STATES, self.ids)}

    async def add_up(self, connection: Connection, *, with_obstacles: bool) -> Sequence[MoneyTotal]:
        """Return nothing: the amount of a webhook that was not understood is not known."""
        return ()

    async def next_batch(
        self, connection: Connection, after: tuple[datetime, UUID] | None, limit: int, *, with_obstacles: bool
    ) -> Sequence[asyncpg.Record]:
        return await connection.fetch(NEXT, *self.values, with_obstacles, *(after or (None, None)), limit)

    def stored(self) -> dict[str, Any]:
        where = self._where.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {"now": self._now.isoformat(), "ids": texts_of(self.ids), "where": where}

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> "QuarantineSelection":
        where = QuarantineFilter.model_validate(stored["where"])
        return cls(datetime.fromisoformat(stored["now"]), ids=ids_of(stored["ids"]), where=where)
