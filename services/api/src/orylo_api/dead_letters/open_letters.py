"""Metrics of the dead letters that wait for a person."""

import asyncpg
from prometheus_client import Gauge

OPEN = Gauge("orylo_api_dead_letters_open", "Dead letters that are not settled", ["source"])
OLDEST_SECONDS = Gauge("orylo_api_dead_letters_oldest_seconds", "Age of the oldest open dead letter", ["source"])

SELECT_OPEN = """
    SELECT source, count(*), extract(epoch FROM now() - min(created_at))::double precision
    FROM api.dead_letters WHERE state = 'open' GROUP BY source
"""


async def measure_open(pool: asyncpg.Pool) -> None:
    """Set the metrics of every source with an open dead letter, and remove those of the others."""
    rows = await pool.fetch(SELECT_OPEN)
    OPEN.clear()
    OLDEST_SECONDS.clear()
    for source, count, oldest_s in rows:
        OPEN.labels(source).set(count)
        OLDEST_SECONDS.labels(source).set(oldest_s)
