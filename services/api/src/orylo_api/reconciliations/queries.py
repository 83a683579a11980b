from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.errors import NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.reconciliations.models import Reconciliation, ReconciliationQuery, ReconciliationSummary
from orylo_common.postgres.pool import Connection

RECONCILIATIONS = Listing("api.reconciliations_view", "id", UUID)
SELECT_RECONCILIATION = "SELECT * FROM api.reconciliations_view WHERE id = $1"
INSERT_RECONCILIATION = """
    INSERT INTO api.reconciliations_view
        (tenant_id, id, gateway, source, state, revision, report, created_at, finished_at)
    VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8)
"""
# A column of its own; the rest of a reconciliation is its report.
_COLUMNS = {"id", "gateway", "source", "state", "created_at", "finished_at"}


async def list_reconciliations(
    connection: Connection, query: ReconciliationQuery
) -> tuple[list[ReconciliationSummary], str | None]:
    where = Where()
    if query.gateway is not None:
        where.filter("gateway = {}", query.gateway)
    if query.state is not None:
        where.filter("state = {}", query.state)
    rows, next_cursor = await fetch_page(connection, RECONCILIATIONS, where, query)
    return [ReconciliationSummary.model_validate(_values(row)) for row in rows], next_cursor


async def find_reconciliation(connection: Connection, reconciliation_id: UUID) -> Reconciliation:
    """Raises `NotFound`."""
    row = await connection.fetchrow(SELECT_RECONCILIATION, reconciliation_id)
    if row is None:
        raise NotFound("there is no such reconciliation")
    return Reconciliation.model_validate(_values(row))


async def insert_reconciliation(connection: Connection, tenant_id: UUID, made: Reconciliation) -> None:
    report = report_of(made)
    moments: tuple[datetime, datetime | None] = (made.created_at, made.finished_at)
    await connection.execute(
        INSERT_RECONCILIATION, tenant_id, made.id, made.gateway, made.source, made.state, report, *moments
    )


def report_of(made: Reconciliation) -> dict[str, Any]:
    return made.model_dump(mode="json", exclude=_COLUMNS)


def _values(row: asyncpg.Record) -> dict[str, Any]:
    return {**row["report"], **{name: row[name] for name in _COLUMNS}}
