from orylo_api.destinations.models import DestinationList, ListedDestination
from orylo_common.postgres.pool import Connection

SELECT_DESTINATIONS = """
    SELECT d.id, d.kind, d.name, d.created_at, s.since, s.reason, s.code,
           CASE WHEN d.enabled THEN coalesce(s.status, 'active') ELSE 'disabled' END AS status
    FROM api.destinations AS d
    LEFT JOIN api.destination_states_view AS s ON s.destination_id = d.id AND s.status <> 'active' AND d.enabled
    ORDER BY d.created_at, d.id
"""


async def list_destinations(connection: Connection) -> DestinationList:
    rows = await connection.fetch(SELECT_DESTINATIONS)
    return DestinationList(items=[ListedDestination.from_row(row) for row in rows])
