"""From a query to a time series."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from orylo_api.errors import Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.read_models.rollups import Rollup
from orylo_api.timeseries.metrics import METRICS, rollup_of
from orylo_api.timeseries.models import MAX_LINES, MAX_POINTS, PeriodQuery, TimeSeries, TimeSeriesLine, TimeSeriesQuery
from orylo_api.timeseries.periods import MINUTE, QUARTER, Granularity, Span, ceiling, floor, local_midnight, spans_of
from orylo_api.timeseries.queries import Sums, SumsRequest, read_sums
from orylo_common.postgres.pool import Connection

# As long as payments are kept, and some days.
LONGEST = timedelta(days=740)
MINUTES_KEPT = timedelta(hours=48)


def refuse(name: str, message: str) -> Invalid:
    return Invalid("some values are invalid", [FieldProblem(field=f"query.{name}", message=message)])


def period_of(query: PeriodQuery, now: datetime, step: timedelta = QUARTER) -> Span:
    """Return the query's period, rounded outwards to whole steps. Raises `Invalid`."""
    end = ceiling(query.to or now, step)
    start = floor(query.from_, step) if query.from_ else local_midnight(min(now, query.to or now), query.zone)
    if start >= end:
        raise refuse("to", "must be after `from`")
    if end - start > LONGEST:
        raise refuse("from", "the period must be at most 740 days long")
    return Span(start, end)


async def read_time_series(connection: Connection, query: TimeSeriesQuery, now: datetime) -> TimeSeries:
    minutes = query.granularity is Granularity.MINUTE
    whole = period_of(query, now, MINUTE if minutes else QUARTER)
    if minutes and whole.start < now - MINUTES_KEPT:
        raise refuse("granularity", "minutes are kept for 48 hours: choose hours, or a later `from`")
    spans: list[Span] = []
    for span in spans_of(whole, query.granularity, query.zone):
        spans.append(span)
        if len(spans) > MAX_POINTS:
            raise refuse(
                "granularity", f"gives more than {MAX_POINTS} points: choose a longer one, or a shorter period"
            )
    lines = await _read_lines(connection, query, spans)
    first = query.metrics.partition(",")[0]
    ordered = sorted(lines, key=lambda line: -sum(value or 0 for value in line.metrics[first]))
    return TimeSeries(
        timezone=query.timezone,
        granularity=query.granularity,
        starts_at=whole.start,
        ends_at=whole.end,
        at=[span.start for span in spans],
        lines=ordered[:MAX_LINES],
        lines_left_out=max(0, len(ordered) - MAX_LINES),
    )


def _rollup_of(name: str, query: TimeSeriesQuery) -> Rollup:
    """Return the rollup that has a metric as the query asks for it. Raises `Invalid` if there is none."""
    metric = METRICS[name]
    dimensions = {
        "split": query.split,
        "gateway": query.gateway and "gateway",
        "currency": query.currency and "currency",
    }
    given = [each for each in dimensions.values() if each is not None]
    rollup = rollup_of(metric, given)
    if rollup is None:
        place = next(place for place, each in dimensions.items() if each and not rollup_of(metric, [each]))
        raise refuse(place, f"{name} is not known by {dimensions[place]}")
    if query.granularity is Granularity.MINUTE and "minute" not in rollup.grains:
        raise refuse("granularity", f"{name} is not known by minute" + (" and split" if query.split else ""))
    if metric.is_money and query.currency is None and query.split != "currency":
        raise refuse("currency", f"{name} is an amount: choose a currency, or `split=currency`")
    return rollup


async def _read_lines(connection: Connection, query: TimeSeriesQuery, spans: Sequence[Span]) -> list[TimeSeriesLine]:
    only = {name: value for name in ("gateway", "currency") if (value := getattr(query, name)) is not None}
    split = [query.split.value] if query.split else []
    metrics = {name: METRICS[name] for name in query.metrics.split(",")}
    rollups = {name: _rollup_of(name, query) for name in metrics}
    readings: dict[str, SumsRequest] = {}
    for rollup in {each.table: each for each in rollups.values()}.values():
        chosen = [metric for name, metric in metrics.items() if rollups[name] is rollup]
        by = [*split, *{metric.by for metric in chosen if metric.by}]
        measures = sorted({measure for metric in chosen for measure in metric.measures})
        readings[rollup.table] = SumsRequest(rollup, spans, by=by, measures=measures, only=only)
    found = await read_sums(connection, *readings.values())
    lines = {table: _lines_of(sums, query) for table, sums in zip(readings, found, strict=True)}
    nothing: list[Sums] = [{} for _ in spans]
    return [
        TimeSeriesLine(
            value=value or None,
            metrics={
                name: [metric.compute(sums) for sums in lines[rollups[name].table].get(value, nothing)]
                for name, metric in metrics.items()
            },
        )
        for value in sorted({value for each in lines.values() for value in each})
    ]


def _lines_of(found: Sequence[Sums], query: TimeSeriesQuery) -> Mapping[str, Sequence[Sums]]:
    """Return the sums of each line by the split's value, the first dimension. Without a split there is one line."""
    if query.split is None:
        return {"": found}
    lines: defaultdict[str, list[Sums]] = defaultdict(lambda: [{} for _ in found])
    for number, sums in enumerate(found):
        for key, each in sums.items():
            lines[key[0]][number][key] = each
    return lines
