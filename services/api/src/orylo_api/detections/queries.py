from collections.abc import Sequence
from uuid import UUID

import asyncpg

from orylo_api.detections.models import Detection, DetectionQuery
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_common.messages import Decision
from orylo_common.postgres.pool import Connection

DETECTIONS = Listing("api.detections_view", "id", UUID)
SELECT_DETECTION = "SELECT * FROM api.detections_view WHERE id = $1"
SELECT_OF_PAYMENT = "SELECT * FROM api.detections_view WHERE payment_id = $1 ORDER BY version DESC, id DESC LIMIT $2"
# The newest decision of each payment. Decisions of earlier versions have version 0 and are as new as their id.
SELECT_CURRENT = """
    SELECT DISTINCT ON (payment_id) payment_id, id FROM api.detections_view WHERE payment_id = ANY ($1)
    ORDER BY payment_id, version DESC, id DESC
"""
REPLACED = """EXISTS (
    SELECT FROM api.detections_view AS newer
    WHERE newer.tenant_id = rows.tenant_id AND newer.payment_id = rows.payment_id
      AND (newer.version, newer.id) > (rows.version, rows.id)
)"""


async def list_detections(connection: Connection, query: DetectionQuery) -> tuple[list[Detection], str | None]:
    where = Where()
    if query.decision is Decision.ALLOW:
        where.filter("decision = 'allow'")
    elif query.decision is not None:
        # As a literal: the planner uses the index on other decisions only if it can see that this is one of them.
        where.seek(f"decision = '{query.decision}'")
    if query.customer_id is not None:
        where.seek("customer_id = {}", query.customer_id)
    if query.payment_id is not None:
        where.seek("payment_id = {}", query.payment_id)
    if query.gateway is not None:
        where.filter("gateway = {}", query.gateway)
    if query.min_risk is not None:
        where.filter("risk_score >= {}", query.min_risk)
    if query.current is not None:
        where.filter(f"NOT {REPLACED}" if query.current else REPLACED)
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, DETECTIONS, where, query)
    return await _with_current(connection, rows), next_cursor


async def detections_of_payment(connection: Connection, payment_id: str, *, limit: int) -> list[Detection]:
    """Return the newest decisions on a payment, oldest first."""
    rows = await connection.fetch(SELECT_OF_PAYMENT, payment_id, limit)
    return await _with_current(connection, rows[::-1])


async def find_detection(connection: Connection, detection_id: UUID) -> Detection | None:
    row = await connection.fetchrow(SELECT_DETECTION, detection_id)
    return None if row is None else (await _with_current(connection, [row]))[0]


async def _with_current(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[Detection]:
    """Return the detections, each with the decision that has replaced it."""
    payments = list({row["payment_id"] for row in rows})
    current = {row["payment_id"]: row["id"] for row in await connection.fetch(SELECT_CURRENT, payments)}
    return [
        Detection.from_row(
            row,
            **row["findings"],
            replaced_by=None if current[row["payment_id"]] == row["id"] else current[row["payment_id"]],
        )
        for row in rows
    ]
