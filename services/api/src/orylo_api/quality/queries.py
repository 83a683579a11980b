"""Reads the cases that decision quality is measured by: few rows, as most payments are allowed and not disputed."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from orylo_api.quality.measures import Case, week_of
from orylo_api.quality.models import DecisionQuality, ReviewQueue
from orylo_common.messages import Decision, PaymentSucceeded, type_of
from orylo_common.postgres.pool import Connection

WEEK = timedelta(days=7)
# A decision is made after its payment, by clocks that may differ.
CLOCKS_DIFFER = timedelta(days=1)

SELECT_PAYMENTS = """
    SELECT date_trunc('week', bucket, 'UTC') AS week, sum(payments_succeeded)::bigint AS payments
    FROM api.rollups WHERE grain = 'day' AND bucket >= $1 GROUP BY 1
"""

# Candidates are payments that were ever flagged, and those with evidence. A payment's current decision is its newest.
# The time of payment is that of its success, as in the rollups.
SELECT_CASES = f"""
    WITH candidates AS (
        SELECT payment_id FROM api.detections_view
        WHERE decision IN ('block', 'review') AND created_at >= $1::timestamptz - $2::interval
        UNION
        SELECT payment_id FROM api.fraud_evidence WHERE reported_at >= $1::timestamptz - $2::interval
    ), decided AS (
        SELECT DISTINCT ON (payment_id) payment_id, decision, amount_minor, currency, occurred_at
        FROM candidates JOIN api.detections_view USING (payment_id)
        WHERE payment_type = '{type_of(PaymentSucceeded)}'
        ORDER BY payment_id, version DESC, id DESC
    )
    SELECT date_trunc('week', d.occurred_at, 'UTC') AS week, d.decision, d.currency,
           coalesce(e.signs, '{{}}') AS signs, count(*) AS payments, sum(d.amount_minor)::bigint AS amount_minor
    FROM decided AS d
    LEFT JOIN api.payments_view AS p USING (payment_id)
    LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT report.value ->> 1 ORDER BY report.value ->> 1) AS signs
        FROM api.fraud_evidence AS e CROSS JOIN LATERAL jsonb_each(e.reports) AS report
        WHERE e.payment_id = d.payment_id
    ) AS e ON true
    WHERE d.occurred_at >= $1 AND (p.details ->> 'test') IS DISTINCT FROM 'true'
    GROUP BY 1, 2, 3, 4
"""  # noqa: S608

# The dashboard needs no exact number beyond this.
MAX_COUNTED = 10_000
QUEUED_FOR = timedelta(days=90)
SELECT_QUEUE = f"""
    SELECT count(*) AS payments, min(created_at) AS oldest_at,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY created_at) AS median_at
    FROM (
        SELECT d.created_at FROM api.detections_view AS d
        WHERE d.decision = 'review' AND d.created_at >= $1
          AND NOT EXISTS (
              SELECT FROM api.detections_view AS newer
              WHERE newer.payment_id = d.payment_id AND (newer.version, newer.id) > (d.version, d.id)
          )
          AND NOT EXISTS (
              SELECT FROM api.fraud_evidence AS e
              WHERE e.payment_id = d.payment_id AND e.verdict IN ('fraud', 'legitimate')
          )
        ORDER BY d.created_at LIMIT {MAX_COUNTED}
    ) AS queued
"""  # noqa: S608


async def read_quality(connection: Connection, weeks: int, now: datetime) -> DecisionQuality:
    monday = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
    first = monday - (weeks - 1) * WEEK
    payments = {row["week"]: row["payments"] for row in await connection.fetch(SELECT_PAYMENTS, first)}
    cases: defaultdict[datetime, list[Case]] = defaultdict(list)
    for row in await connection.fetch(SELECT_CASES, first, CLOCKS_DIFFER):
        cases[row["week"]].append(Case(**{**row, "decision": Decision(row["decision"])}))
    return DecisionQuality(
        generated_at=now,
        weeks=[
            week_of(start, payments.get(start, 0), cases[start], now)
            for start in (monday - number * WEEK for number in range(weeks))
        ],
        review_queue=await _read_queue(connection, now),
    )


async def _read_queue(connection: Connection, now: datetime) -> ReviewQueue:
    (row,) = await connection.fetch(SELECT_QUEUE, now - QUEUED_FOR)
    median_at = row["median_at"]
    return ReviewQueue(
        payments=row["payments"],
        oldest_at=row["oldest_at"],
        median_age_s=None if median_at is None else max(0, int((now - median_at).total_seconds())),
    )
