"""Rollups of payments and conversions: sums by minute, quarter of an hour and hour, derived from the rows.

The views `api.counted_…` say what each payment and conversion counts as. A batch sums its payments and conversions
before it writes them and afterwards, and adds the difference. So a message that changes nothing adds nothing, the order
of messages does not matter, and whatever changes a row, such as a refund months later, moves it in its own bucket.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from orylo_common.postgres.pool import Connection

# The name of each grain and its length. Sums of hours give days in most time zones, sums of quarters in all of them.
GRAINS = "(VALUES ('minute', interval '1 minute'), ('quarter', '15 minutes'), ('hour', '1 hour')) AS g (grain, length)"
# Retention deletes older minutes, so none may be added.
KEPT = "(grain <> 'minute' OR at >= now() - interval '2 days')"
BUCKET = "date_bin(length, at, '2000-01-01T00:00:00Z')"


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table of sums. `view` has a row for each payment or conversion, with the time `at` that it counts at."""

    table: str
    view: str
    key: str
    # By name: the type.
    dimensions: Mapping[str, str]
    counts: tuple[str, ...]
    amounts: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        return self.counts + self.amounts

    @property
    def insert(self) -> str:
        """An INSERT of rows that are named `counted`: tenant_id, at, the dimensions and the measures."""
        sums = ", ".join(f"sum({measure})" for measure in self.measures)
        group = ", ".join(str(number) for number in range(1, 4 + len(self.dimensions)))
        return f"""
            INSERT INTO {self.table} AS r (tenant_id, grain, bucket, {", ".join((*self.dimensions, *self.measures))})
            SELECT tenant_id, grain, {BUCKET}, {", ".join(self.dimensions)}, {sums}
            FROM counted CROSS JOIN {GRAINS} WHERE {KEPT} GROUP BY {group} ORDER BY {group}
        """  # noqa: S608


PAYMENTS = Rollup(
    "api.payment_rollups",
    "api.counted_payments",
    "payment_id",
    {"gateway": "text", "method": "text", "currency": "text", "decision": "text", "decline_code": "text"},
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
    ),
)
CONVERSIONS = Rollup(
    "api.conversion_rollups",
    "api.counted_conversions",
    "conversion_id",
    {
        "gateway": "text",
        "destination": "text",
        "destination_id": "uuid",
        "match_method": "text",
        "currency": "text",
    },
    ("conversions", "pending", "dispatched", "failed", "suppressed"),
    ("amount_minor", "dispatched_minor"),
)
DELIVERIES = Rollup(
    "api.delivery_rollups",
    "api.counted_deliveries",
    "conversion_id",
    {"destination_id": "uuid", "latency": "smallint"},
    ("deliveries",),
)
ROLLUPS = (PAYMENTS, CONVERSIONS, DELIVERIES)


def _sum_of(number: int, rollup: Rollup, arrays: str) -> str:
    """Return the SELECT of the sums of some rows of `rollup`, as (number, tenant, minute, dimensions, measures)."""
    group = ", ".join(("1", "2", "3", *rollup.dimensions))
    return f"""
        SELECT {number}, tenant_id, date_bin('1 minute', at, '2000-01-01T00:00:00Z'),
               ARRAY[{", ".join(f"{name}::text" for name in rollup.dimensions)}],
               ARRAY[{", ".join(f"sum({name})::numeric" for name in rollup.measures)}]
        FROM unnest({arrays}) AS changed (tenant_id, {rollup.key}) JOIN {rollup.view} USING (tenant_id, {rollup.key})
        GROUP BY {group}
    """  # noqa: S608


SUM_CHANGED = " UNION ALL ".join(
    _sum_of(number, rollup, "$1::uuid[], $2::text[]" if rollup is PAYMENTS else "$3::uuid[], $4::uuid[]")
    for number, rollup in enumerate(ROLLUPS)
)
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
        {rollup.insert}
        ON CONFLICT (tenant_id, grain, bucket, {", ".join(rollup.dimensions)}) DO UPDATE SET
            {", ".join(f"{name} = r.{name} + EXCLUDED.{name}" for name in rollup.measures)}
    """  # noqa: S608


ADD = tuple(map(_addition, ROLLUPS))

# (tenant, minute, dimensions) to measures, for each of ROLLUPS.
Sums = list[defaultdict[tuple[Any, ...], list[int]]]


class RollupChanges:
    """What a batch changes in the rollups. `begin` comes before its rows are written, `finish` after."""

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
