"""Periods in a time zone, and the rows of the rollups that they consist of."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE, QUARTER, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
LENGTHS = (("day", DAY), ("hour", HOUR), ("quarter", QUARTER))
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Granularity(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class Span(NamedTuple):
    """From `start` until before `end`, both in UTC."""

    start: datetime
    end: datetime


class Stretch(NamedTuple):
    """Rows of one grain that are added to the span with the number `span`, or subtracted with the sign -1."""

    span: int
    sign: int
    grain: str
    start: datetime
    end: datetime


class Run(NamedTuple):
    """Adjoining stretches of one grain and sign, of `step` each: the first belongs to `span`, the next to the next."""

    span: int
    sign: int
    grain: str
    start: datetime
    end: datetime
    step: timedelta


def floor(at: datetime, step: timedelta) -> datetime:
    return at - (at - EPOCH) % step


def ceiling(at: datetime, step: timedelta) -> datetime:
    return at + (EPOCH - at) % step


def local_midnight(at: datetime, zone: ZoneInfo, days: int = 0) -> datetime:
    """Return the start of the day of `at` in the zone, or of a day so many days later, in UTC.

    Where clocks skip midnight the day starts at its first moment.
    """
    date = at.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(date, time(), zone).astimezone(UTC)


def spans_of(whole: Span, granularity: Granularity, zone: ZoneInfo) -> Iterator[Span]:
    """Yield the minutes, hours or days that overlap a period. Days have 23 to 25 hours where clocks change."""
    if granularity is Granularity.DAY:
        start = local_midnight(whole.start, zone)
        while start < whole.end:
            end = local_midnight(start, zone, days=1)
            yield Span(start, end)
            start = end
        return
    step = MINUTE if granularity is Granularity.MINUTE else HOUR
    # Hours start as the zone's do, which differ from UTC by half an hour or a quarter in some zones.
    offset = (whole.start.astimezone(zone).utcoffset() or timedelta()) % step
    start = floor(whole.start + offset, step) - offset
    while start < whole.end:
        yield Span(start, start + step)
        start += step


def parts_of(spans: Sequence[Span], grains: Sequence[str]) -> Iterator[Stretch]:
    """Yield the rows that add up to each span, as few as possible: long ones, and shorter ones at a span's ends.

    A day of New York is one of UTC, with the hours after it, and without its own first ones: sign -1.
    """
    lengths = [each for each in LENGTHS if each[0] in grains]
    rows = {length: grain for grain, length in (("minute", MINUTE), *lengths)}
    for number, (start, end) in enumerate(spans):
        grain = rows.get(end - start)
        if grain is not None and floor(start, end - start) == start:
            yield Stretch(number, 1, grain, start, end)
        elif floor(start, QUARTER) != start or floor(end, QUARTER) != end:
            yield Stretch(number, 1, "minute", start, end)
        else:
            yield from _cover(Stretch(number, 1, "", start, end), lengths)


def runs_of(stretches: Iterable[Stretch]) -> Iterator[Run]:
    """Yield the stretches, adjoining ones of consecutive spans as one: a year of days is read at once, not by day."""
    run: Run | None = None
    for span, sign, grain, start, end in sorted(stretches, key=lambda each: (each.sign, each.grain, each.start)):
        if run is not None:
            follows = span == run.span + (start - run.start) // run.step and start == run.end
            if follows and (sign, grain, end - start) == (run.sign, run.grain, run.step):
                run = run._replace(end=end)
                continue
            yield run
        run = Run(span, sign, grain, start, end, end - start)
    if run is not None:
        yield run


def _cover(whole: Stretch, lengths: Sequence[tuple[str, timedelta]]) -> Iterator[Stretch]:
    number, sign, _, start, end = whole
    if start >= end:
        return
    duration = end - start
    # Of rows that are twice as long, more would be subtracted than the span has.
    while 2 * duration <= lengths[0][1]:
        lengths = lengths[1:]
    (grain, length), *shorter = lengths
    first, last = _nearest(start, length), _nearest(end, length)
    if abs(start - first) + abs(end - last) >= duration:
        yield from _cover(whole, shorter)
        return
    yield Stretch(number, sign, grain, first, last)
    for begin, until, edge in ((start, first, sign), (last, end, sign)):
        if begin < until:
            yield from _cover(Stretch(number, edge, "", begin, until), shorter)
        elif begin > until:
            yield from _cover(Stretch(number, -edge, "", until, begin), shorter)


def _nearest(at: datetime, step: timedelta) -> datetime:
    return floor(at + step / 2, step)
