"""Sums of the rollups over spans of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orylo_api.read_models.effects import COUNTERS, GRAINS
from orylo_api.read_models.rollups import Rollup
from orylo_api.timeseries.periods import Span, parts_of, runs_of
from orylo_common.postgres.pool import Connection

# Counts of messages.
ACTIVITY = Rollup("api.rollups", "", {}, COUNTERS, grains=GRAINS)


# By the values of the dimensions that were asked for: the sum of each measure.
Sums = dict[tuple[str, ...], dict[str, int]]


@dataclass(frozen=True, slots=True)
class SumsRequest:
    """Asks for sums of `measures` (default: all) for each span, by the values of `by`: dimensions or SQL conditions.

    `only` selects rows.
    """

    rollup: Rollup
    spans: Sequence[Span]
    by: Sequence[str] = ()
    measures: Sequence[str] = ()
    only: Mapping[str, str] = field(default_factory=dict)

    @property
    def chosen(self) -> Sequence[str]:
        return self.measures or self.rollup.measures


async def read_sums(connection: Connection, *requests: SumsRequest) -> list[list[Sums]]:
    """Return for each request the sums of each of its spans. One statement reads all of them."""
    runs: list[tuple[int, int, int, str, datetime, datetime, timedelta]] = []
    filters: list[str] = []
    selects: list[str] = []
    for number, request in enumerate(requests):
        stretches = list(parts_of(request.spans, request.rollup.grains))
        joined = list(runs_of(stretches))
        # Telling the spans of a run apart costs about as much as reading a stretch.
        if stepped := 2 * len(joined) <= len(stretches):
            runs += [(number, *run) for run in joined]
        else:
            runs += [(number, *each, each.end - each.start) for each in stretches]
        selects.append(_select(number, request, stepped=stepped, first_filter=len(filters) + 8))
        filters += request.only.values()
    rows = await connection.fetch(
        f"""
        WITH run AS MATERIALIZED (
            SELECT *, date_part('epoch', step) AS step_s
            FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::text[],
                        $5::timestamptz[], $6::timestamptz[], $7::interval[])
                AS run (request, first_span, sign, grain, starts, ends, step)
        )
        {" UNION ALL ".join(selects)}
        """,  # noqa: S608
        *zip(*runs, strict=True),
        *filters,
    )
    found: list[list[Sums]] = [[{} for _ in request.spans] for request in requests]
    for number, span, values, sums in rows:
        found[number][span][tuple(values)] = dict(zip(requests[number].chosen, map(int, sums), strict=True))
    return found


def _select(number: int, request: SumsRequest, *, stepped: bool, first_filter: int) -> str:
    """Return the SELECT of a request's rows: (request, span, values of `by`, sums). `stepped`: a run has several spans.

    Sums are texts, because they may exceed a bigint, and Python's decimals are slow.
    """
    conditions = "".join(f" AND r.{name} = ${place}" for place, name in enumerate(request.only, start=first_filter))
    span = "run.first_span"
    by = [f"by_{place}" for place, _ in enumerate(request.by)]
    keys = [f"{each} AS {name}" for each, name in zip(request.by, by, strict=True)]
    group = [*by]
    if stepped:
        span += " + (date_part('epoch', step_starts - run.starts) / run.step_s)::integer"
        keys.append("date_bin(run.step, r.bucket, run.starts) AS step_starts")
        group.append("step_starts")
    counted = request.rollup.counts[0]
    sums = (f"run.sign * sum(r.{name}) AS {name}" for name in dict.fromkeys((counted, *request.chosen)))
    # Nothing is left of values that only rows which are subtracted again have.
    having = f"HAVING sum({counted}) > 0" if request.rollup.dimensions else ""
    # Sums of each run first, because PostgreSQL then reads it by the primary key.
    return f"""
        SELECT {number}, {span} AS span, ARRAY[{", ".join(f"{name}::text" for name in by)}]::text[],
               ARRAY[{", ".join(f"trunc(sum({name})::numeric)" for name in request.chosen)}]::text[]
        FROM run CROSS JOIN LATERAL (
            SELECT {", ".join((*keys, *sums))} FROM {request.rollup.table} AS r
            WHERE r.tenant_id = api.current_tenant() AND r.grain = run.grain
              AND r.bucket >= run.starts AND r.bucket < run.ends{conditions}
            {"GROUP BY " + ", ".join(group) if group else "HAVING count(*) > 0"}
        ) AS rollup
        WHERE run.request = {number} GROUP BY {", ".join(("span", *by))} {having}
    """  # noqa: S608
