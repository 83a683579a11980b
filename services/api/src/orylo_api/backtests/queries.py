"""Find backtests and their reports."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from orylo_api.backtests.job import KIND
from orylo_api.backtests.models import BacktestDetail, BacktestListQuery, ListedBacktest
from orylo_api.backtests.report import BacktestReport
from orylo_api.errors import NotFound
from orylo_api.http.pages import Where, fetch_page
from orylo_api.jobs.queries import JOBS, job_of, read_file
from orylo_common.postgres.pool import Connection

SELECT_BACKTEST = f"SELECT * FROM api.jobs WHERE id = $1 AND kind = '{KIND}'"  # noqa: S608


async def list_backtests(connection: Connection, query: BacktestListQuery) -> tuple[list[ListedBacktest], str | None]:
    where = Where()
    where.filter(f"kind = '{KIND}'")
    if query.state is not None:
        where.filter("state = {}", query.state)
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, JOBS, where, query)
    return [ListedBacktest(**_fields(row)) for row in rows], next_cursor


async def find_backtest(connection: Connection, backtest_id: UUID) -> BacktestDetail:
    """Raises `NotFound`."""
    row = await connection.fetchrow(SELECT_BACKTEST, backtest_id)
    if row is None:
        raise NotFound("there is no such backtest")
    stored = await read_file(connection, backtest_id, "result")
    report = None if stored is None else BacktestReport.model_validate(orjson.loads(stored))
    return BacktestDetail(**_fields(row), report=report)


def _fields(row: asyncpg.Record) -> Mapping[str, Any]:
    summary: dict[str, Any] = {"figures": None, **row["summary"]}
    return {"id": row["id"], "job": job_of(row), **summary}
