"""Days and hours of time zones, and the rows of rollups that they consist of."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orylo_api.overview.models import Comparison
from orylo_api.overview.queries import before
from orylo_api.read_models.rollups import GRAINS
from orylo_api.timeseries.periods import DAY, HOUR, MINUTE, QUARTER, Granularity, Span, parts_of, spans_of

EPOCH = datetime(2026, 3, 14, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "first", "lengths"),
    [
        ("UTC", "2026-03-07T00:00:00Z", [24, 24, 24]),
        ("America/Sao_Paulo", "2026-03-07T00:00:00-03:00", [24, 24, 24]),
        # Clocks go forward on 8 March 2026, and back on 1 November.
        ("America/New_York", "2026-03-07T00:00:00-05:00", [24, 23, 24]),
        ("America/New_York", "2026-10-31T00:00:00-04:00", [24, 25, 24]),
        ("Asia/Kathmandu", "2026-03-07T00:00:00+05:45", [24, 24, 24]),
        # Clocks change by half an hour on 5 April 2026.
        ("Australia/Lord_Howe", "2026-04-04T00:00:00+11:00", [24, 24.5, 24]),
        # At midnight clocks skip to 01:00 on 6 September 2026: the day starts then.
        ("America/Santiago", "2026-09-05T00:00:00-04:00", [24, 23, 24]),
    ],
)
def test_days_begin_at_the_zones_midnight(zone: str, first: str, lengths: list[float]) -> None:
    start = at(first)
    days = list(spans_of(Span(start, start + 3 * DAY - 2 * HOUR), Granularity.DAY, ZoneInfo(zone)))
    assert days[0].start == start
    assert [(end - begin) / HOUR for begin, end in days] == lengths
    assert [day.start for day in days[1:]] == [day.end for day in days[:-1]]


def test_hours_begin_with_the_zones_hours() -> None:
    whole = Span(at("2026-03-14T12:20:00+05:45"), at("2026-03-14T14:00:00+05:45"))
    hours = list(spans_of(whole, Granularity.HOUR, ZoneInfo("Asia/Kathmandu")))
    assert [span.start for span in hours] == [at("2026-03-14T12:00:00+05:45"), at("2026-03-14T13:00:00+05:45")]


@pytest.mark.parametrize(
    ("start", "end", "grains"),
    [
        (0, 6 * 60, ["hour"]),
        (15, 6 * 60 + 15, ["quarter", "hour", "quarter"]),
        (12 * 60, 36 * 60, ["day"]),
        (0, 48 * 60, ["hour", "day", "hour"]),
        (45, 48 * 60 + 15, ["quarter", "hour", "day", "hour", "quarter"]),
        (15, 45, ["quarter"]),
        (45, 75, ["quarter"]),
        (0, 75, ["hour", "quarter"]),
        (3, 4, ["minute"]),
        (0, 7, ["minute"]),
    ],
)
def test_a_span_consists_of_the_longest_rows_that_fit(start: int, end: int, grains: list[str]) -> None:
    parts = list(parts_of([Span(EPOCH + start * MINUTE, EPOCH + end * MINUTE)], tuple(GRAINS)))
    assert [part.grain for part in parts] == grains
    assert (parts[0].start, parts[-1].end) == (EPOCH + start * MINUTE, EPOCH + end * MINUTE)
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]


def test_a_day_before_keeps_the_time_of_day() -> None:
    zone = ZoneInfo("America/New_York")
    # Clocks went forward in the night before.
    today = Span(at("2026-03-09T00:00:00-04:00"), at("2026-03-09T10:00:00-04:00"))
    yesterday = before(today, Comparison.PREVIOUS_DAY, zone)
    assert yesterday == Span(at("2026-03-08T00:00:00-05:00"), at("2026-03-08T10:00:00-04:00"))
    assert before(today, Comparison.PREVIOUS_PERIOD, zone) == Span(today.start - 10 * HOUR, today.start)
    assert before(today, None, zone) is None


def test_a_week_before_is_on_the_same_day_of_the_week() -> None:
    period = Span(EPOCH, EPOCH + QUARTER)
    assert before(period, Comparison.PREVIOUS_WEEK, ZoneInfo("UTC")) == Span(*(each - 7 * DAY for each in period))
