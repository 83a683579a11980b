"""Saved views: one's own, and those of the shop."""

from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_api.errors import Conflict, NotFound
from orylo_api.views.filters import DELIVERED
from orylo_api.views.models import DashboardPage, SavedView, SavedViewRequest
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

# Of one person, or of the shop.
MAX_VIEWS = 100

SELECT_VIEWS = """
    SELECT * FROM api.saved_views WHERE (owner_id IS NULL OR owner_id = $1) AND ($2::text IS NULL OR page = $2)
    ORDER BY owner_id IS NOT NULL, page, lower(name), id
"""
FIND_VIEW = "SELECT * FROM api.saved_views WHERE id = $1 AND (owner_id IS NULL OR owner_id = $2)"
COUNT_VIEWS = "SELECT count(*) FROM api.saved_views WHERE owner_id IS NOT DISTINCT FROM $1"
INSERT_VIEW = """
    INSERT INTO api.saved_views (tenant_id, id, page, name, query, owner_id, saved_by, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
    RETURNING *
"""
UPDATE_VIEW = """
    UPDATE api.saved_views SET page = $2, name = $3, query = $4, owner_id = $5, saved_by = $6, updated_at = $7
    WHERE id = $1 RETURNING *
"""
DELETE_VIEW = "DELETE FROM api.saved_views WHERE id = $1"


async def list_views(connection: Connection, reader: UUID, page: DashboardPage | None) -> list[SavedView]:
    delivered = [view for view in DELIVERED if page in (None, view.page)]
    rows = await connection.fetch(SELECT_VIEWS, reader, page and page.value)
    return [*delivered, *map(_view, rows)]


async def find_view(connection: Connection, view_id: UUID, reader: UUID) -> SavedView:
    """Raises `NotFound`, also for another person's view."""
    delivered = next((view for view in DELIVERED if view.id == view_id), None)
    if delivered is not None:
        return delivered
    row = await connection.fetchrow(FIND_VIEW, view_id, reader)
    if row is None:
        raise NotFound("there is no such view")
    return _view(row)


async def add_view(
    connection: Connection, tenant_id: UUID, new: SavedViewRequest, *, owner: UUID | None, author: str, now: datetime
) -> SavedView:
    """Raises `Conflict` if the name is taken, or if there are too many views."""
    if await connection.fetchval(COUNT_VIEWS, owner) >= MAX_VIEWS:
        raise Conflict(f"there are {MAX_VIEWS} views, which is the limit; delete one", code="too_many_views")
    values = (tenant_id, uuid7(), new.page.value, new.name, new.query, owner, author, now)
    return await _write(connection, INSERT_VIEW, *values)


async def change_view(
    connection: Connection, view_id: UUID, new: SavedViewRequest, *, owner: UUID | None, author: str, now: datetime
) -> SavedView:
    """Raises `Conflict` if the name is taken."""
    return await _write(connection, UPDATE_VIEW, view_id, new.page.value, new.name, new.query, owner, author, now)


async def delete_view(connection: Connection, view_id: UUID) -> None:
    await connection.execute(DELETE_VIEW, view_id)


async def _write(connection: Connection, statement: str, *values: object) -> SavedView:
    try:
        [row] = await connection.fetch(statement, *values)
    except asyncpg.UniqueViolationError:
        raise Conflict("the page has a view of this name", code="name_taken") from None
    return _view(row)


def _view(row: asyncpg.Record) -> SavedView:
    return SavedView.from_row(row, shared=row["owner_id"] is None, delivered=False)
