"""From `destination.token_read` to rows of api.destination_tokens_view."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_common.messages import DestinationTokenRead
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(frozen=True, slots=True)
class DestinationTokenRow:
    """Of two rows of one destination, the one with the later `read_at` is kept."""

    tenant_id: UUID
    destination_id: UUID
    configured_at: datetime
    expires_at: datetime | None
    read_at: datetime


DESTINATION_TOKENS = Table("api.destination_tokens_view", DestinationTokenRow)

UPSERT_TOKENS = f"""
    {DESTINATION_TOKENS.insert}
    ON CONFLICT (tenant_id, destination_id) DO UPDATE SET
        configured_at = EXCLUDED.configured_at, expires_at = EXCLUDED.expires_at, read_at = EXCLUDED.read_at
    WHERE EXCLUDED.read_at > stored.read_at
"""


class TokenProjection:
    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, UUID], DestinationTokenRow] = {}

    def fold(self, read: DestinationTokenRead, effects: Effects) -> None:
        key = (read.tenant_id, read.destination_id)
        known = self._rows.get(key)
        if known is None or read.occurred_at > known.read_at:
            self._rows[key] = DestinationTokenRow(*key, read.configured_at, read.expires_at, read.occurred_at)

    async def write(self, connection: Connection) -> None:
        await DESTINATION_TOKENS.execute(connection, UPSERT_TOKENS, self._rows.values())
