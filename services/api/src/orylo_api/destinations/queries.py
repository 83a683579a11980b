from datetime import datetime, timedelta
from uuid import UUID

from orylo_api.destinations.models import DestinationActivity, DestinationList, ListedDestination
from orylo_common.postgres.pool import Connection

# A token may have been replaced since it was read. Dispatch reads a new one within a minute.
SELECT_STATES = """
    SELECT d.id, d.kind, d.name, d.created_at, s.since, s.reason, s.code, t.expires_at AS token_expires_at,
           CASE WHEN d.enabled THEN coalesce(s.status, 'active') ELSE 'disabled' END AS status
    FROM control.destinations AS d
    LEFT JOIN api.destination_states_view AS s ON s.destination_id = d.id AND s.status <> 'active' AND d.enabled
    LEFT JOIN api.destination_tokens_view AS t ON t.destination_id = d.id AND t.configured_at >= d.updated_at
"""
SELECT_DESTINATIONS = f"{SELECT_STATES} ORDER BY d.created_at, d.id"
SELECT_STATE = f"{SELECT_STATES} WHERE d.id = $1"
# Conversions that wait are few, whatever their age: an index holds those that were not sent.
SELECT_WAITING = """
    SELECT count(*) AS waiting, min(created_at) AS oldest_waiting FROM api.conversions_view
    WHERE status = 'pending' AND destination_id = $1
"""
SELECT_SENT = """
    SELECT count(*) FILTER (WHERE status = 'dispatched') AS dispatched,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           count(*) FILTER (WHERE status = 'suppressed') AS suppressed,
           max(updated_at) FILTER (WHERE status = 'dispatched') AS last_dispatched_at
    FROM api.conversions_view WHERE destination_id = $1 AND created_at >= $2
"""
COUNTED = timedelta(hours=24)


async def list_destinations(connection: Connection) -> DestinationList:
    rows = await connection.fetch(SELECT_DESTINATIONS)
    return DestinationList(items=[ListedDestination.from_row(row) for row in rows])


async def read_activity(connection: Connection, destination_id: UUID, now: datetime) -> DestinationActivity:
    figures: dict[str, object] = {}
    for statement, *since in ((SELECT_STATE,), (SELECT_WAITING,), (SELECT_SENT, now - COUNTED)):
        row = await connection.fetchrow(statement, destination_id, *since)
        figures |= dict(row) if row is not None else {}
    return DestinationActivity.model_validate(figures)
