"""The statements that read the sums of rollups."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from orylo_api.overview.funnel import read_funnel
from orylo_api.overview.models import Comparison, FunnelQuery, OverviewQuery, SeriesRange
from orylo_api.overview.queries import COUNT_OPEN, read_overview
from orylo_api.timeseries.models import TimeSeriesQuery
from orylo_api.timeseries.reading import read_time_series
from orylo_common.postgres.pool import Connection

NOW = datetime(2026, 11, 4, 15, 20, tzinfo=UTC)


class EmptyDatabase:
    def __init__(self) -> None:
        self.statements: list[str] = []

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        self.statements.append(statement)
        return []

    async def fetchval(self, statement: str, *arguments: Any) -> int:
        self.statements.append(statement)
        return 0


@pytest.mark.parametrize("series", SeriesRange)
async def test_one_statement_reads_all_figures_of_the_overview(series: SeriesRange) -> None:
    database = EmptyDatabase()
    query = OverviewQuery(range=series, compare=Comparison.PREVIOUS_DAY, timezone="Asia/Kathmandu")
    overview = await read_overview(cast(Connection, database), query, NOW)
    assert len(database.statements) == 2
    assert database.statements[1] == COUNT_OPEN
    assert (overview.period.attempts, overview.last_7d.counts.clicks) == (0, 0)


async def test_one_statement_reads_a_funnel_or_all_metrics_of_a_time_series() -> None:
    database = EmptyDatabase()
    connection = cast(Connection, database)
    await read_funnel(connection, FunnelQuery(), NOW)
    await read_time_series(connection, TimeSeriesQuery(metrics="payments,match_rate,delivery_p95_ms,clicks"), NOW)
    assert len(database.statements) == 2
