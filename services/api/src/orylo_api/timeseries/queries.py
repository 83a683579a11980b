"""Sums of the rollups over spans of time."""

from collections.abc import Mapping, Sequence

from orylo_api.read_models.effects import COUNTERS, GRAINS
from orylo_api.read_models.rollups import Rollup
from orylo_api.timeseries.periods import Span, parts_of
from orylo_common.postgres.pool import Connection

# Counts of messages.
ACTIVITY = Rollup("api.rollups", "", {}, COUNTERS, grains=GRAINS)


# By the values of the dimensions that were asked for: the sum of each measure.
Sums = dict[tuple[str, ...], dict[str, int]]


async def read_sums(
    connection: Connection,
    rollup: Rollup,
    spans: Sequence[Span],
    *,
    by: Sequence[str] = (),
    measures: Sequence[str] = (),
    only: Mapping[str, str] | None = None,
) -> list[Sums]:
    """Return for each span the sums of `measures`, by the values of the dimensions `by`. `only` selects rows."""
    chosen = measures or rollup.measures
    parts = list(parts_of(spans, rollup.grains))
    filters = list((only or {}).items())
    conditions = "".join(f" AND r.{name} = ${number}" for number, (name, _) in enumerate(filters, start=5))
    dimensions = "".join(f"{name}::text, " for name in by)
    # LATERAL, because PostgreSQL then reads each part by the primary key.
    rows = await connection.fetch(
        f"""
        SELECT part.span, sums.* FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::timestamptz[])
            AS part (span, grain, starts, ends)
        CROSS JOIN LATERAL (
            SELECT {dimensions}{", ".join(f"sum({name}) AS {name}" for name in chosen)} FROM {rollup.table} AS r
            WHERE r.tenant_id = api.current_tenant() AND r.grain = part.grain
              AND r.bucket >= part.starts AND r.bucket < part.ends{conditions}
            {"GROUP BY " + ", ".join(str(number + 1) for number in range(len(by))) if by else "HAVING count(*) > 0"}
        ) AS sums
        """,  # noqa: S608
        *zip(*parts, strict=True),
        *(value for _, value in filters),
    )
    found: list[Sums] = [{} for _ in spans]
    for span, *values in rows:
        sums = found[span].setdefault(tuple(values[: len(by)]), dict.fromkeys(chosen, 0))
        for name, value in zip(chosen, values[len(by) :], strict=True):
            sums[name] += int(value)
    return found
