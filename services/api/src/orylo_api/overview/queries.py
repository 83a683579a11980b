"""The overview from rollups: a few hundred rows, however many payments there were."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orylo_api.overview.figures import PAYMENT_MEASURES, figures_of
from orylo_api.overview.models import Comparison, Overview, OverviewQuery, PeriodFigures, Point, Series, SeriesRange
from orylo_api.overview.totals import totals_of
from orylo_api.read_models.rollups import CONVERSIONS, DECLINES, DELIVERIES, PAYMENTS
from orylo_api.timeseries.periods import DAY, HOUR, MINUTE, QUARTER, Span, ceiling, floor, local_midnight
from orylo_api.timeseries.queries import ACTIVITY, Sums, read_sums
from orylo_api.timeseries.reading import period_of
from orylo_common.postgres.pool import Connection

# The dashboard needs no exact number beyond this.
MAX_COUNTED = 10_000
COUNT_OPEN = "SELECT count(*) FROM (SELECT FROM api.dead_letters WHERE state = 'open' LIMIT $1) AS open"

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
    figures = await read_figures(connection, [period] if compared is None else [period, compared])
    end, this_hour = ceiling(now, QUARTER), floor(now, HOUR)
    step, points = STEPS[query.range]
    newest = floor(now, step)
    spans = [Span(newest - number * step, newest - (number - 1) * step) for number in reversed(range(points))]
    sums = await _read_all(
        connection,
        [
            Span(local_midnight(now, query.zone), end),
            Span(this_hour - 23 * HOUR, end),
            Span(this_hour - 167 * HOUR, end),
            *spans,
        ],
    )
    today, last_24h, last_7d, *of_points = (totals_of(*each) for each in sums)
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
            points=[Point(at=span.start, counts=totals.counts) for span, totals in zip(spans, of_points, strict=True)],
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


async def read_figures(connection: Connection, spans: Sequence[Span]) -> list[PeriodFigures]:
    payments = await read_sums(connection, PAYMENTS, spans, by=("currency", "decision"), measures=PAYMENT_MEASURES)
    declines = await read_sums(connection, DECLINES, spans, by=("gateway", "decline_code"))
    conversions = await read_sums(connection, CONVERSIONS, spans, by=("currency", "match_method"))
    deliveries = await read_sums(connection, DELIVERIES, spans, by=("latency",))
    return [figures_of(*each) for each in zip(spans, payments, declines, conversions, deliveries, strict=True)]


async def _read_all(connection: Connection, spans: Sequence[Span]) -> list[tuple[Sums, Sums, Sums]]:
    """Return the sums of messages, payments and conversions for each span."""
    activity = await read_sums(connection, ACTIVITY, spans)
    measures = ("succeeded", "succeeded_minor", "amount_minor")
    payments = await read_sums(connection, PAYMENTS, spans, by=("currency", "decision"), measures=measures)
    conversions = await read_sums(connection, CONVERSIONS, spans, by=("currency", "match_method"))
    return list(zip(activity, payments, conversions, strict=True))
