"""Compares the payments of all tenants with the week before: each method's share of a gateway's sales, and new codes.

Alarms read the result. Prometheus would need more than a week of its own samples, and CloudWatch cannot compare weeks.
"""

from datetime import timedelta

import asyncpg
from prometheus_client import Gauge

from orylo_api.payments.counting import OTHER, WORD
from orylo_common.clock import Clock

METHOD_SHARE = Gauge(
    "orylo_api_payment_method_share_ratio",
    "A method's share of a gateway's sales of a day, divided by its share in the week before; of methods with more "
    "than 3,000 sales in that week",
    ["gateway", "method"],
)
NEW_CODES = Gauge(
    "orylo_api_payment_decline_code_new",
    "Payments that a gateway declined in this hour and the last with a code that it did not use in the week before",
    ["gateway", "code"],
)

EVERY = timedelta(minutes=1)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# Above 3,000 payments in a week, a fall by a fifth does not happen by chance: four standard deviations of a day's
# count (Poisson).
MIN_SALES = 3_000
# Gateways choose their words, so what becomes a label needs a bound: the lowest shares, and the most frequent codes.
MAX_SERIES = 50

# A payment counts at the time when it was paid. $1 to $3: eight days ago, a day ago and now.
SELECT_SHARES = """
    WITH sales AS (
        SELECT r.gateway, r.method,
               coalesce(sum(r.succeeded) FILTER (WHERE r.bucket > $2), 0)::float8 AS day,
               coalesce(sum(r.succeeded) FILTER (WHERE r.bucket <= $2), 0)::float8 AS week
        FROM control.tenants AS t
        JOIN api.method_rollups AS r ON r.tenant_id = t.id AND r.grain = 'hour' AND r.bucket > $1 AND r.bucket <= $3
        GROUP BY r.gateway, r.method
    ), shares AS (
        SELECT *, sum(day) OVER of_gateway AS days, sum(week) OVER of_gateway AS weeks
        FROM sales WINDOW of_gateway AS (PARTITION BY gateway)
    )
    SELECT gateway, method, (day / days) / (week / weeks) AS ratio
    FROM shares WHERE week > $4 AND days > 0 ORDER BY ratio, gateway, method LIMIT $5
"""
# $1 to $4: five weeks, a week and an hour ago, and now. Not in a gateway's first week, when every code is new.
# The few new codes are found first: the gateways' past is then read once, or not at all.
SELECT_NEW_CODES = """
    WITH codes AS MATERIALIZED (
        SELECT r.gateway, r.decline_code, sum(r.failed) AS declines
        FROM control.tenants AS t
        JOIN api.decline_rollups AS r ON r.tenant_id = t.id AND r.grain = 'hour' AND r.bucket >= $2 AND r.bucket <= $4
        WHERE r.failed > 0
        GROUP BY r.gateway, r.decline_code HAVING min(r.bucket) >= $3
    ), known AS MATERIALIZED (
        SELECT DISTINCT m.gateway FROM control.tenants AS t
        JOIN api.method_rollups AS m ON m.tenant_id = t.id AND m.grain = 'day' AND m.bucket > $1 AND m.bucket <= $2
        WHERE m.payments > 0
    )
    SELECT gateway, decline_code, declines FROM codes WHERE gateway IN (SELECT gateway FROM known)
    ORDER BY declines DESC, gateway, decline_code LIMIT $5
"""


async def compare_weeks(pool: asyncpg.Pool, clock: Clock) -> None:
    """Set both metrics. `pool` sees all tenants."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    shares = await pool.fetch(SELECT_SHARES, hour - WEEK - DAY, hour - DAY, hour, MIN_SALES, MAX_SERIES)
    last = hour - timedelta(hours=1)
    codes = await pool.fetch(SELECT_NEW_CODES, hour - 5 * WEEK, last - WEEK, last, hour, MAX_SERIES)
    # The worst comes last: it stays if several become `other`.
    METHOD_SHARE.clear()
    for gateway, method, ratio in reversed(shares):
        METHOD_SHARE.labels(gateway, _label(method)).set(ratio)
    NEW_CODES.clear()
    for gateway, code, declines in reversed(codes):
        NEW_CODES.labels(gateway, _label(code)).set(declines)


def _label(text: str) -> str:
    return text if WORD.fullmatch(text) else OTHER
