from uuid import UUID

from orylo_api.detections.models import Detection, DetectionQuery
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_common.messages import Decision
from orylo_common.postgres.pool import Connection

DETECTIONS = Listing("api.detections_view", "id", UUID)
SELECT_DETECTION = "SELECT * FROM api.detections_view WHERE id = $1"


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
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, DETECTIONS, where, query)
    return [Detection.from_row(row, **row["findings"]) for row in rows], next_cursor


async def find_detection(connection: Connection, detection_id: UUID) -> Detection | None:
    row = await connection.fetchrow(SELECT_DETECTION, detection_id)
    return None if row is None else Detection.from_row(row, **row["findings"])
