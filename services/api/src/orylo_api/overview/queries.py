"""The overview from rollups: some thousand rows in one statement, however many payments there were."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from orylo_api.overview.figures import PAYMENT_MEASURES, figures_of
from orylo_api.overview.models import Comparison, Overview, OverviewQuery, Point, Series, SeriesRange
from orylo_api.overview.totals import MATCHED, counts_of, totals_of
from orylo_api.read_models.rollups import CONVERSIONS, DECLINES, DELIVERIES, PAYMENTS
from orylo_api.timeseries.periods import DAY, HOUR, MINUTE, QUARTER, Span, ceiling, floor, local_midnight
from orylo_api.timeseries.queries import ACTIVITY, Sums, SumsRequest, read_sums
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


class _Sums(NamedTuple):
    """The first four are of the periods, payments and conversions of the totals too, activity of totals and points."""

    payments: list[Sums]
    declines: list[Sums]
    conversions: list[Sums]
    deliveries: list[Sums]
    activity: list[Sums]
    paid: list[Sums]
    matched: list[Sums]


async def read_overview(connection: Connection, query: OverviewQuery, now: datetime) -> Overview:
    period = period_of(query, now)
    compared = before(period, query.compare, query.zone)
    periods = [period] if compared is None else [period, compared]
    end, this_hour = ceiling(now, QUARTER), floor(now, HOUR)
    lengths = [Span(start, end) for start in (local_midnight(now, query.zone), *(this_hour - each for each in LENGTHS))]
    step, points = STEPS[query.range]
    newest = floor(now, step)
    steps = [Span(newest - number * step, newest - (number - 1) * step) for number in reversed(range(points))]
    sums = await _read(connection, periods, lengths, steps)
    figures = list(map(figures_of, periods, sums.payments, sums.declines, sums.conversions, sums.deliveries))
    number = len(periods)
    today, last_24h, last_7d = map(totals_of, sums.activity, sums.payments[number:], sums.conversions[number:])
    counts = map(counts_of, sums.activity[len(lengths) :], sums.paid, sums.matched)
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
            points=[Point(at=span.start, counts=each) for span, each in zip(steps, counts, strict=True)],
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


async def _read(
    connection: Connection, periods: Sequence[Span], lengths: Sequence[Span], steps: Sequence[Span]
) -> _Sums:
    measures = (*PAYMENT_MEASURES, "amount_minor")
    found = await read_sums(
        connection,
        SumsRequest(PAYMENTS, [*periods, *lengths], by=("currency", "decision"), measures=measures),
        SumsRequest(DECLINES, periods, by=("gateway", "decline_code")),
        SumsRequest(CONVERSIONS, [*periods, *lengths], by=("currency", "match_method")),
        SumsRequest(DELIVERIES, periods, by=("latency",)),
        SumsRequest(ACTIVITY, [*lengths, *steps]),
        SumsRequest(PAYMENTS, steps, measures=("succeeded",)),
        SumsRequest(CONVERSIONS, steps, by=(MATCHED,), measures=CONVERSIONS.counts),
    )
    return _Sums(*found)
