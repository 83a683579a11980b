"""Days and hours of time zones, and the rows of rollups that they consist of."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orylo_api.overview.models import Comparison
from orylo_api.overview.queries import before
from orylo_api.read_models.rollups import GRAINS
from orylo_api.timeseries.periods import (
    DAY,
    HOUR,
    MINUTE,
    QUARTER,
    Granularity,
    Run,
    Span,
    floor,
    parts_of,
    runs_of,
    spans_of,
)

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
    ("start", "end", "rows"),
    [
        (0, 6 * 60, {"hour": 6}),
        (15, 6 * 60 + 15, {"hour": 6, "quarter": 2}),
        (12 * 60, 36 * 60, {"day": 1}),
        (0, 48 * 60, {"day": 2, "hour": 24}),
        # A day of São Paulo or Kathmandu: one of UTC, and what differs at its ends.
        (15 * 60, 39 * 60, {"day": 1, "hour": 6}),
        (6 * 60 + 15, 30 * 60 + 15, {"day": 1, "hour": 12, "quarter": 2}),
        (30, 11 * 60 + 45, {"hour": 11, "quarter": 3}),
        # All but the ends of a day.
        (13 * 60, 34 * 60 + 15, {"day": 1, "hour": 3, "quarter": 1}),
        (15, 45, {"quarter": 2}),
        (45, 75, {"quarter": 2}),
        (0, 75, {"hour": 1, "quarter": 1}),
        (3, 4, {"minute": 1}),
        (0, 7, {"minute": 7}),
    ],
)
def test_a_span_is_the_sum_of_few_rows(start: int, end: int, rows: dict[str, int]) -> None:
    span = Span(EPOCH + start * MINUTE, EPOCH + end * MINUTE)
    lengths = {"minute": MINUTE, "quarter": QUARTER, "hour": HOUR, "day": DAY}
    counted: dict[str, int] = {}
    minutes: dict[datetime, int] = {}
    for part in parts_of([span], tuple(GRAINS)):
        assert floor(part.start, lengths[part.grain]) == part.start
        counted[part.grain] = counted.get(part.grain, 0) + (part.end - part.start) // lengths[part.grain]
        for number in range((part.end - part.start) // MINUTE):
            minute = part.start + number * MINUTE
            minutes[minute] = minutes.get(minute, 0) + part.sign
    assert counted == rows
    assert {minute for minute, times in minutes.items() if times} == {
        span.start + n * MINUTE for n in range(end - start)
    }
    assert set(minutes.values()) <= {0, 1}


def test_adjoining_hours_are_one_run() -> None:
    hours = [Span(EPOCH + number * HOUR, EPOCH + (number + 1) * HOUR) for number in range(9)]
    apart = Span(EPOCH - DAY, EPOCH - DAY + HOUR)
    # The fourth span lasts an hour and a quarter, and the fifth starts later.
    spans = [*hours[:3], Span(EPOCH + 3 * HOUR, EPOCH + 4 * HOUR + QUARTER), *hours[5:], apart]
    assert list(runs_of(parts_of(spans, tuple(GRAINS)))) == [
        Run(8, 1, "hour", apart.start, apart.end, HOUR),
        Run(0, 1, "hour", EPOCH, EPOCH + 4 * HOUR, HOUR),
        Run(4, 1, "hour", EPOCH + 5 * HOUR, EPOCH + 9 * HOUR, HOUR),
        Run(3, 1, "quarter", EPOCH + 4 * HOUR, EPOCH + 4 * HOUR + QUARTER, QUARTER),
    ]


@pytest.mark.parametrize(("zone", "runs"), [("UTC", 1), ("America/Sao_Paulo", 61)])
def test_a_month_of_days_is_read_in_few_runs(zone: str, runs: int) -> None:
    start = at("2026-03-01T00:00:00Z") if zone == "UTC" else at("2026-03-01T00:00:00-03:00")
    days = list(spans_of(Span(start, start + 30 * DAY), Granularity.DAY, ZoneInfo(zone)))
    assert len(list(runs_of(parts_of(days, tuple(GRAINS))))) == runs


def test_the_same_hour_of_two_spans_is_two_runs() -> None:
    hour = Span(EPOCH, EPOCH + HOUR)
    assert [(run.span, run.start, run.end) for run in runs_of(parts_of([hour, hour], tuple(GRAINS)))] == [
        (0, *hour),
        (1, *hour),
    ]


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
