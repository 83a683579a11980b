"""Rollups of payments and conversions: sums by minute, quarter of an hour, hour and day, derived from the rows.

The views `api.counted_…` say what each payment and conversion counts as. A batch sums its payments and conversions
before it writes them and afterwards, and adds the difference. So a message that changes nothing adds nothing, the order
of messages does not matter, and a change of a row, such as a refund months later, counts in the row's own bucket.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from orylo_common.postgres.pool import Connection

# The length of each grain. Days are those of UTC; in other time zones a day consists of hours and quarters.
GRAINS: Mapping[str, str] = {"minute": "1 minute", "quarter": "15 minutes", "hour": "1 hour", "day": "1 day"}
LONG = ("quarter", "hour", "day")
# Retention deletes older minutes, so none may be added.
KEPT = "(grain <> 'minute' OR at >= now() - interval '2 days')"
BUCKET = "date_bin(length, at, '2000-01-01T00:00:00Z')"


def grain_rows(grains: Iterable[str]) -> str:
    """Return the rows of the grains, with their length."""
    rows = ", ".join(f"('{name}', interval '{GRAINS[name]}')" for name in grains)
    return f"(VALUES {rows}) AS g (grain, length)"


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table of sums of the rows of `view` that meet the condition `only`. A row counts at its time `at`."""

    table: str
    view: str
    # By name: the type.
    dimensions: Mapping[str, str]
    counts: tuple[str, ...]
    amounts: tuple[str, ...] = ()
    only: str = "true"
    grains: tuple[str, ...] = LONG

    @property
    def measures(self) -> tuple[str, ...]:
        return self.counts + self.amounts

    def insert(self, rows: str = "counted") -> str:
        """Return an INSERT of rows that are named `counted`: tenant_id, at, the dimensions and the measures."""
        sums = ", ".join(f"sum({measure})" for measure in self.measures)
        group = ", ".join(str(number) for number in range(1, 4 + len(self.dimensions)))
        return f"""
            INSERT INTO {self.table} AS r (tenant_id, grain, bucket, {", ".join((*self.dimensions, *self.measures))})
            SELECT tenant_id, grain, {BUCKET}, {", ".join(self.dimensions)}, {sums}
            FROM {rows} CROSS JOIN {grain_rows(self.grains)} WHERE {KEPT} GROUP BY {group} ORDER BY {group}
        """  # noqa: S608


COUNTED_PAYMENTS, COUNTED_CONVERSIONS = "api.counted_payments", "api.counted_conversions"

PAYMENTS = Rollup(
    "api.payment_rollups",
    COUNTED_PAYMENTS,
    {"gateway": "text", "currency": "text", "decision": "text"},
    (
        "payments",
        "succeeded",
        "failed",
        "canceled",
        "refunded",
        "disputed",
        "chargebacks",
        "degraded",
        "false_alarms",
        "judged",
        "frauds",
        "stopped_declined",
        "stopped_canceled",
        "stopped_refunded",
        "stopped_at_provider",
        "paid_blocks",
    ),
    (
        "amount_minor",
        "succeeded_minor",
        "refunded_minor",
        "chargeback_minor",
        "fraud_minor",
        "stopped_declined_minor",
        "stopped_canceled_minor",
        "stopped_refunded_minor",
        "stopped_at_provider_minor",
        "paid_blocks_minor",
    ),
    grains=tuple(GRAINS),
)
METHODS = Rollup(
    "api.method_rollups",
    COUNTED_PAYMENTS,
    {"gateway": "text", "method": "text", "currency": "text"},
    ("payments", "succeeded", "failed", "canceled", "refunded"),
    ("amount_minor", "succeeded_minor", "refunded_minor"),
)
DECLINES = Rollup(
    "api.decline_rollups",
    COUNTED_PAYMENTS,
    {"gateway": "text", "decline_code": "text"},
    ("failed",),
    only="failed = 1",
)
CONVERSIONS = Rollup(
    "api.conversion_rollups",
    COUNTED_CONVERSIONS,
    {
        "gateway": "text",
        "destination": "text",
        "destination_id": "uuid",
        "match_method": "text",
        "currency": "text",
    },
    ("conversions", "pending", "dispatched", "failed", "suppressed"),
    ("amount_minor", "dispatched_minor"),
    grains=tuple(GRAINS),
)
DELIVERIES = Rollup(
    "api.delivery_rollups",
    COUNTED_CONVERSIONS,
    {"destination_id": "uuid", "latency": "smallint"},
    ("dispatched",),
    only="dispatched = 1",
)
ROLLUPS = (PAYMENTS, METHODS, DECLINES, CONVERSIONS, DELIVERIES)


def _sum_of(number: int, rollup: Rollup) -> str:
    """Return the SELECT of the sums of a rollup's changed rows, as (number, tenant, minute, dimensions, measures)."""
    return f"""
        SELECT {number}, tenant_id, date_bin('1 minute', at, '2000-01-01T00:00:00Z'),
               ARRAY[{", ".join(f"{name}::text" for name in rollup.dimensions)}],
               ARRAY[{", ".join(f"sum({name})::numeric" for name in rollup.measures)}]
        FROM {"payments" if rollup.view == COUNTED_PAYMENTS else "conversions"} WHERE {rollup.only}
        GROUP BY {", ".join(("1", "2", "3", *rollup.dimensions))}
    """  # noqa: S608


# A plan made while the tables were empty is kept until they are analysed. LATERAL looks up one key at a time, and must
# not choose an index for its tenant alone: each lookup would read all rows of the tenant. In an empty table PostgreSQL
# prefers the newest index, for payments `payments_prefix`, which the second comparison is for. The order of conversions
# makes it choose their primary key.
SUM_CHANGED = f"""
    WITH payments AS MATERIALIZED (
        SELECT counted.* FROM unnest($1::uuid[], $2::text[]) AS changed (tenant_id, payment_id)
        CROSS JOIN LATERAL (
            SELECT * FROM {COUNTED_PAYMENTS} AS p
            WHERE p.tenant_id = changed.tenant_id AND p.payment_id = changed.payment_id
              AND p.payment_id COLLATE "C" = changed.payment_id COLLATE "C"
            LIMIT 1
        ) AS counted
    ), conversions AS MATERIALIZED (
        SELECT counted.* FROM unnest($3::uuid[], $4::uuid[]) AS changed (tenant_id, conversion_id)
        CROSS JOIN LATERAL (
            SELECT * FROM {COUNTED_CONVERSIONS} AS c
            WHERE c.tenant_id = changed.tenant_id AND c.conversion_id >= changed.conversion_id
            ORDER BY c.conversion_id LIMIT 1
        ) AS counted
        WHERE counted.conversion_id = changed.conversion_id
    )
    {" UNION ALL ".join(_sum_of(number, rollup) for number, rollup in enumerate(ROLLUPS))}
"""  # noqa: S608
# The lock's key, which a rebuild takes alone and batches share.
ROLLUP_LOCK = "hashtextextended('api.rollups', 0)"
# Two batches with the same payment run one after the other, or the second would sum what the first is about to
# change. All take their locks in one order.
LOCK_CHANGED = f"""
    SELECT pg_advisory_xact_lock_shared({ROLLUP_LOCK}), count(pg_advisory_xact_lock(key))
    FROM (
        SELECT DISTINCT hashtextextended(tenant_id::text || id, 1) AS key
        FROM (
            SELECT tenant_id, id FROM unnest($1::uuid[], $2::text[]) AS payments (tenant_id, id)
            UNION ALL
            SELECT tenant_id, id::text FROM unnest($3::uuid[], $4::uuid[]) AS conversions (tenant_id, id)
        ) AS changed
        ORDER BY 1
    ) AS keys
"""  # noqa: S608


def _addition(rollup: Rollup) -> str:
    arrays = [f"${number}::text[]" for number in range(3, 3 + len(rollup.dimensions))]
    first = 3 + len(rollup.dimensions)
    arrays += [f"${number}::numeric[]" for number in range(first, first + len(rollup.measures))]
    typed = [f"{name}::{kind} AS {name}" for name, kind in rollup.dimensions.items()]
    return f"""
        WITH counted AS (
            SELECT tenant_id, at, {", ".join((*typed, *rollup.measures))}
            FROM unnest($1::uuid[], $2::timestamptz[], {", ".join(arrays)})
                AS given (tenant_id, at, {", ".join((*rollup.dimensions, *rollup.measures))})
        )
        {rollup.insert()}
        ON CONFLICT (tenant_id, grain, bucket, {", ".join(rollup.dimensions)}) DO UPDATE SET
            {", ".join(f"{name} = r.{name} + EXCLUDED.{name}" for name in rollup.measures)}
    """  # noqa: S608


ADD = tuple(map(_addition, ROLLUPS))

# (tenant, minute, dimensions) to measures, for each of ROLLUPS.
Sums = list[defaultdict[tuple[Any, ...], list[int]]]


class RollupChanges:
    """A batch's changes of the rollups. `begin` comes before its rows are written, `finish` after."""

    def __init__(self, payments: Iterable[tuple[UUID, str]], conversions: Iterable[tuple[UUID, UUID]]) -> None:
        self._changed = [*_columns(payments), *_columns(conversions)]
        self._sums: Sums = [defaultdict(partial(_zeros, len(rollup.measures))) for rollup in ROLLUPS]

    async def begin(self, connection: Connection) -> None:
        """Lock the payments and conversions, and sum them."""
        if any(self._changed):
            await connection.execute(LOCK_CHANGED, *self._changed)
            await self._add(connection, -1)

    async def finish(self, connection: Connection) -> None:
        """Sum the payments and conversions again, and write the difference."""
        if not any(self._changed):
            return
        await self._add(connection, 1)
        for statement, sums in zip(ADD, self._sums, strict=True):
            rows = [(*key, *measures) for key, measures in sums.items() if any(measures)]
            if rows:
                await connection.execute(statement, *zip(*rows, strict=True))

    async def _add(self, connection: Connection, sign: int) -> None:
        for number, tenant_id, minute, dimensions, measures in await connection.fetch(SUM_CHANGED, *self._changed):
            sums = self._sums[number][tenant_id, minute, *dimensions]
            for position, measure in enumerate(measures):
                sums[position] += sign * int(measure)


def _zeros(number: int) -> list[int]:
    return [0] * number


def _columns(keys: Iterable[tuple[UUID, Any]]) -> tuple[list[UUID], list[Any]]:
    pairs = sorted(keys)
    return [tenant_id for tenant_id, _ in pairs], [key for _, key in pairs]
