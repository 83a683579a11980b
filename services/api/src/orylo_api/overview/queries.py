"""The overview from rollups: some thousand rows in one statement, however many payments there were."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orylo_api.overview.figures import PAYMENT_MEASURES, figures_of
from orylo_api.overview.models import Comparison, Overview, OverviewQuery, Point, Series, SeriesRange
from orylo_api.overview.totals import MATCHED, counts_of, totals_of
from orylo_api.read_models.rollups import CONVERSIONS, DECLINES, DELIVERIES, PAYMENTS
from orylo_api.timeseries.periods import DAY, HOUR, MINUTE, QUARTER, Span, ceiling, floor, local_midnight
from orylo_api.timeseries.queries import ACTIVITY, Reading, read_sums
from orylo_api.timeseries.reading import period_of
from orylo_common.postgres.pool import Connection

# The dashboard needs no exact number beyond this.
MAX_COUNTED = 10_000
COUNT_OPEN = "SELECT count(*) FROM (SELECT FROM api.dead_letters WHERE state = 'open' LIMIT $1) AS open"

# Up to now, the present hour included.
LENGTHS = (23 * HOUR, 167 * HOUR)
# The step and the number of points.
STEPS: dict[SeriesRange, tuple[timedelta, int]] = {
    SeriesRange.HOUR: (MINUTE, 60),
    SeriesRange.DAY: (HOUR, 24),
    SeriesRange.WEEK: (HOUR, 168),
    SeriesRange.MONTH: (DAY, 30),
}


async def read_overview(connection: Connection, query: OverviewQuery, now: datetime) -> Overview:
    period = period_of(query, now)
    compared = before(period, query.compare, query.zone)
    periods = [period] if compared is None else [period, compared]
    end, this_hour = ceiling(now, QUARTER), floor(now, HOUR)
    lengths = [Span(start, end) for start in (local_midnight(now, query.zone), *(this_hour - each for each in LENGTHS))]
    step, points = STEPS[query.range]
    newest = floor(now, step)
    steps = [Span(newest - number * step, newest - (number - 1) * step) for number in reversed(range(points))]
    found = await read_sums(connection, *_figures(periods), *_totals(lengths), *_points(steps))
    figures = list(map(figures_of, periods, *found[:4]))
    today, last_24h, last_7d = map(totals_of, *found[4:7])
    return Overview(
        timezone=query.timezone,
        generated_at=now,
        period=figures[0],
        compared=figures[1] if compared else None,
        today=today,
        last_24h=last_24h,
        last_7d=last_7d,
        series=Series(
            range=query.range,
            step_s=int(step.total_seconds()),
            points=[Point(at=at, counts=counts_of(*sums)) for (at, _), *sums in zip(steps, *found[7:], strict=True)],
        ),
        open_dead_letters=await connection.fetchval(COUNT_OPEN, MAX_COUNTED),
    )


def before(period: Span, comparison: Comparison | None, zone: ZoneInfo) -> Span | None:
    """Return the period to compare with. Days and weeks keep the time of day where clocks change."""
    if comparison is None:
        return None
    if comparison is Comparison.PREVIOUS_PERIOD:
        return Span(period.start - (period.end - period.start), period.start)
    days = timedelta(days=1 if comparison is Comparison.PREVIOUS_DAY else 7)

    def shift(at: datetime) -> datetime:
        return (at.astimezone(zone) - days).astimezone(at.tzinfo)

    return Span(shift(period.start), shift(period.end))


def _figures(periods: Sequence[Span]) -> Iterator[Reading]:
    """Yield the arguments of `figures_of`."""
    yield Reading(PAYMENTS, periods, by=("currency", "decision"), measures=PAYMENT_MEASURES)
    yield Reading(DECLINES, periods, by=("gateway", "decline_code"))
    yield Reading(CONVERSIONS, periods, by=("currency", "match_method"))
    yield Reading(DELIVERIES, periods, by=("latency",))


def _totals(spans: Sequence[Span]) -> Iterator[Reading]:
    """Yield the arguments of `totals_of`."""
    yield Reading(ACTIVITY, spans)
    measures = ("succeeded", "succeeded_minor", "amount_minor")
    yield Reading(PAYMENTS, spans, by=("currency", "decision"), measures=measures)
    yield Reading(CONVERSIONS, spans, by=("currency", MATCHED))


def _points(spans: Sequence[Span]) -> Iterator[Reading]:
    """Yield the arguments of `counts_of`."""
    yield Reading(ACTIVITY, spans)
    yield Reading(PAYMENTS, spans, measures=("succeeded",))
    yield Reading(CONVERSIONS, spans, by=(MATCHED,), measures=CONVERSIONS.counts)
