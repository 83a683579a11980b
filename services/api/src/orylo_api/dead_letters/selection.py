"""Open dead letters with what they concern: grouped by cause, or selected for a bulk action."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from pydantic import Field, StringConstraints

from orylo_api.http.fields import Moment, RequestPart, Text
from orylo_api.jobs.bulk_models import MAX_ITEMS, MoneyTotal
from orylo_api.jobs.stored_ids import ids_of, texts_of
from orylo_common.postgres.pool import Connection

# Meta refuses older sales; dispatch keeps an hour's margin.
OLDEST_SALE = timedelta(days=7) - timedelta(hours=1)
MAX_CAUSE = 200


class DeadLetterFilter(RequestPart):
    """All of the conditions apply. Without any, every open dead letter is selected."""

    source: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")] | None = Field(
        default=None, description="the service that could not handle it", examples=["dispatch"]
    )
    kind: Literal["message", "conversion", "action"] | None = None
    cause: Text | None = Field(
        default=None,
        description="`cause` of a group: the destination's error code, or else the start of the reason",
        examples=["190"],
    )
    destination: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")] | None = Field(
        default=None, description="the kind of destination, for conversions", examples=["meta"]
    )
    destination_id: UUID | None = Field(default=None, description="of one destination, for conversions")
    from_: Moment | None = Field(default=None, alias="from", description="recorded at or after")
    to: Moment | None = Field(default=None, description="recorded before")


# Each open dead letter once, with the amount of its sale or payment. `$1` now, `$2` sales before it are too old,
# `$3` ids, `$4` ids of what failed, `$5` source, `$6` kind, `$7` cause, `$8` and `$9` destination, `$10` from,
# `$11` to.
OPEN = f"""
    SELECT d.tenant_id, d.id, d.created_at, d.source, d.kind, d.type, d.reason, d.code,
           coalesce(d.code, left(d.reason, {MAX_CAUSE})) AS cause,
           coalesce(c.id::text, d.subject) AS concerns,
           coalesce(c.amount_minor, p.amount_minor) AS amount_minor, coalesce(c.currency, p.currency) AS currency,
           CASE WHEN d.kind = 'conversion' AND c.id IS NULL THEN 'gone'
                WHEN c.destination = 'meta' AND c.created_at < $2 THEN 'too_old' END AS obstacle
    FROM api.dead_letters AS d
    LEFT JOIN api.conversions_view AS c ON d.kind = 'conversion' AND c.tenant_id = d.tenant_id AND c.id = d.subject_id
    LEFT JOIN api.payments_view AS p ON p.tenant_id = d.tenant_id AND p.payment_id = d.subject
    WHERE d.state = 'open' AND d.created_at <= $1
      AND ($3::uuid[] IS NULL OR d.id = ANY ($3)) AND ($4::uuid[] IS NULL OR d.subject_id = ANY ($4))
      AND ($5::text IS NULL OR d.source = $5) AND ($6::text IS NULL OR d.kind = $6)
      AND ($7::text IS NULL OR coalesce(d.code, left(d.reason, {MAX_CAUSE})) = $7)
      AND ($8::text IS NULL OR c.destination = $8) AND ($9::uuid IS NULL OR c.destination_id = $9)
      AND ($10::timestamptz IS NULL OR d.created_at >= $10) AND ($11::timestamptz IS NULL OR d.created_at < $11)
"""  # noqa: S608
COUNT = f"SELECT obstacle, count(*) FROM ({OPEN} LIMIT {MAX_ITEMS + 1}) AS selected GROUP BY obstacle"  # noqa: S608
COUNT_STATES = "SELECT state, count(*) FROM api.dead_letters WHERE id = ANY ($1) GROUP BY state"
COUNT_STATES_OF_CONVERSIONS = """
    SELECT state, count(*) FROM (
        SELECT DISTINCT ON (subject_id) state FROM api.dead_letters
        WHERE kind = 'conversion' AND subject_id = ANY ($1) ORDER BY subject_id, created_at DESC
    ) AS newest GROUP BY state
"""
# A payment that failed in several services counts once.
ADD_UP = f"""
    SELECT currency, sum(amount_minor)::bigint AS amount_minor FROM (
        SELECT DISTINCT ON (concerns) currency, amount_minor FROM ({OPEN} LIMIT {MAX_ITEMS}) AS selected
        WHERE currency IS NOT NULL AND (obstacle IS NULL OR $12)
    ) AS payments
    GROUP BY currency ORDER BY amount_minor DESC, currency
"""  # noqa: S608
NEXT = f"""
    SELECT * FROM ({OPEN}) AS selected
    WHERE (obstacle IS NULL OR $12) AND ($13::timestamptz IS NULL OR (created_at, id) < ($13, $14::uuid))
    ORDER BY created_at DESC, id DESC LIMIT $15
"""  # noqa: S608


class DeadLetterSelection:
    """Dead letters that were open at `now`: by their ids, by those of failed conversions, or by a filter."""

    def __init__(
        self,
        now: datetime,
        *,
        dead_letters: Sequence[UUID] | None = None,
        conversions: Sequence[UUID] | None = None,
        where: DeadLetterFilter | None = None,
    ) -> None:
        self._now, self._where = now, where or DeadLetterFilter()
        self._dead_letters, self._conversions = dead_letters, conversions

    @property
    def ids(self) -> Sequence[UUID] | None:
        return self._dead_letters if self._conversions is None else self._conversions

    @property
    def values(self) -> tuple[Any, ...]:
        """The values of `OPEN`."""
        where = self._where
        given = (self._now, self._now - OLDEST_SALE, self._dead_letters, self._conversions)
        conditions = (where.source, where.kind, where.cause, where.destination, where.destination_id)
        return (*given, *conditions, where.from_, where.to)

    async def count(self, connection: Connection) -> Mapping[str | None, int]:
        return {row["obstacle"]: row["count"] for row in await connection.fetch(COUNT, *self.values)}

    async def count_states(self, connection: Connection) -> Mapping[str, int]:
        statement = COUNT_STATES if self._conversions is None else COUNT_STATES_OF_CONVERSIONS
        return {row["state"]: row["count"] for row in await connection.fetch(statement, self.ids)}

    async def add_up(self, connection: Connection, *, with_obstacles: bool) -> Sequence[MoneyTotal]:
        rows = await connection.fetch(ADD_UP, *self.values, with_obstacles)
        return [MoneyTotal.from_row(row) for row in rows]

    async def next_batch(
        self, connection: Connection, after: tuple[datetime, UUID] | None, limit: int, *, with_obstacles: bool
    ) -> Sequence[asyncpg.Record]:
        return await connection.fetch(NEXT, *self.values, with_obstacles, *(after or (None, None)), limit)

    def stored(self) -> dict[str, Any]:
        return {
            "now": self._now.isoformat(),
            "dead_letters": texts_of(self._dead_letters),
            "conversions": texts_of(self._conversions),
            "where": self._where.model_dump(mode="json", by_alias=True, exclude_none=True),
        }

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> "DeadLetterSelection":
        return cls(
            datetime.fromisoformat(stored["now"]),
            dead_letters=ids_of(stored["dead_letters"]),
            conversions=ids_of(stored["conversions"]),
            where=DeadLetterFilter.model_validate(stored["where"]),
        )
