"""The quality of decisions, from the rollups of paid payments by decision."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from orylo_api.quality.measures import quality_of
from orylo_api.quality.models import DecisionQuality, QualityQuery, ReviewQueue
from orylo_api.read_models.rollups import PAYMENTS
from orylo_api.review.queries import MAX_COUNTED
from orylo_api.timeseries.periods import Span, local_midnight
from orylo_api.timeseries.queries import Sums, SumsRequest, read_sums
from orylo_api.timeseries.reading import period_of
from orylo_common.postgres.pool import Connection

MEASURES = ("succeeded", "judged", "frauds", "succeeded_minor", "fraud_minor")

SELECT_QUEUE = f"""
    SELECT count(*) AS payments, min(created_at) AS oldest_at,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY created_at) AS median_at
    FROM (SELECT created_at FROM api.review_cases WHERE open ORDER BY created_at LIMIT {MAX_COUNTED}) AS queued
"""  # noqa: S608


async def read_quality(connection: Connection, query: QualityQuery, now: datetime) -> DecisionQuality:
    if query.from_ is None:
        # Local midnight of the Monday on which the first of the weeks begins.
        last = query.to or now
        weekday = last.astimezone(query.zone).weekday()
        monday = local_midnight(last, query.zone, days=-weekday - 7 * (query.weeks - 1))
        query = query.model_copy(update={"from_": monday})
    period = period_of(query, now)
    weeks = list(_weeks_of(period, query))
    (sums,) = await read_sums(connection, SumsRequest(PAYMENTS, weeks, by=("currency", "decision"), measures=MEASURES))
    return DecisionQuality(
        generated_at=now,
        period=quality_of(period, _added(sums), now),
        weeks=[quality_of(*each, now) for each in reversed(list(zip(weeks, sums, strict=True)))],
        review_queue=await _read_queue(connection, now),
    )


def _weeks_of(period: Span, query: QualityQuery) -> Iterator[Span]:
    """Yield the weeks of a period, the first and the last cut to it. Weeks begin on Mondays."""
    start = period.start
    while start < period.end:
        weekday = start.astimezone(query.zone).weekday()
        end = min(local_midnight(start, query.zone, days=7 - weekday), period.end)
        yield Span(start, end)
        start = end


def _added(weeks: Sequence[Sums]) -> Sums:
    added: Sums = {}
    for sums in weeks:
        for values, each in sums.items():
            known = added.setdefault(values, dict.fromkeys(MEASURES, 0))
            for name in MEASURES:
                known[name] += each[name]
    return added


async def _read_queue(connection: Connection, now: datetime) -> ReviewQueue:
    (row,) = await connection.fetch(SELECT_QUEUE)
    median_at = row["median_at"]
    return ReviewQueue(
        payments=row["payments"],
        oldest_at=row["oldest_at"],
        median_age_s=None if median_at is None else max(0, int((now - median_at).total_seconds())),
    )
