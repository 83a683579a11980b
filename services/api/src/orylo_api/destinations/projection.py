"""From `destination.status_changed` to rows of api.destination_states_view."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_common.messages import DestinationStatusChanged
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(frozen=True, slots=True)
class DestinationStateRow:
    """Of two rows of one destination, the one with the higher `version` is kept."""

    tenant_id: UUID
    destination_id: UUID
    version: int
    status: str
    since: datetime
    code: str | None
    reason: str | None


DESTINATION_STATES = Table("api.destination_states_view", DestinationStateRow)

UPSERT_STATES = f"""
    {DESTINATION_STATES.insert}
    ON CONFLICT (tenant_id, destination_id) DO UPDATE SET
        version = EXCLUDED.version, status = EXCLUDED.status, since = EXCLUDED.since,
        code = EXCLUDED.code, reason = EXCLUDED.reason
    WHERE EXCLUDED.version > stored.version
"""


class DestinationProjection:
    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, UUID], DestinationStateRow] = {}

    def fold(self, changed: DestinationStatusChanged, effects: Effects) -> None:
        key = (changed.tenant_id, changed.destination_id)
        known = self._rows.get(key)
        if known is None or changed.version > known.version:
            self._rows[key] = DestinationStateRow(
                *key, changed.version, changed.status, changed.occurred_at, changed.code, changed.reason
            )

    async def write(self, connection: Connection) -> None:
        await DESTINATION_STATES.execute(connection, UPSERT_STATES, self._rows.values())
