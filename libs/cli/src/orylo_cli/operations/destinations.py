"""A tenant's destinations, and whether dispatch sends to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_common.postgres.pool import Connection

# A state that is about an earlier configuration is over: dispatch tries the new one at once.
SELECT_DESTINATIONS = """
    SELECT d.id, d.kind, d.name, d.enabled, d.config, d.created_at,
           CASE WHEN d.enabled THEN coalesce(s.status, 'active') ELSE 'disabled' END AS status,
           s.since, s.code, s.reason, s.next_attempt_at, t.expires_at AS token_expires_at
    FROM control.destinations AS d
    LEFT JOIN dispatch.destination_states AS s
      ON s.tenant_id = d.tenant_id AND s.destination_id = d.id AND s.status <> 'active' AND d.enabled
     AND s.configured_at >= d.updated_at
    LEFT JOIN dispatch.destination_tokens AS t
      ON t.tenant_id = d.tenant_id AND t.destination_id = d.id AND t.configured_at >= d.updated_at
    WHERE d.tenant_id = $1 ORDER BY d.kind, d.name
"""


@dataclass(frozen=True, slots=True)
class DestinationLine:
    """A destination without its secret. From `since` on, the fields are about a status that is not active."""

    id: UUID
    kind: str
    name: str
    enabled: bool
    config: dict[str, Any]
    created_at: datetime
    status: str
    since: datetime | None
    code: str | None
    reason: str | None
    next_attempt_at: datetime | None
    # None: never, or unknown.
    token_expires_at: datetime | None


async def list_destinations(connection: Connection, tenant_id: UUID) -> list[DestinationLine]:
    return [DestinationLine(**row) for row in await connection.fetch(SELECT_DESTINATIONS, tenant_id)]


def status_text(line: DestinationLine, tenant: str) -> str:
    """Return the status as a sentence that says what to do."""
    if line.since is None:
        return line.status
    began = f"since {_moment(line.since)}: {line.reason or 'no reason was given.'}"
    match line.status:
        case "on_hold":
            config = f" --name {line.name} --pixel-id …" if line.kind == "meta" else ""
            waiting = "conversions" if line.kind == "meta" else "actions"
            command = f"orylo destination add {tenant} {line.kind}{config} --token-stdin"
            return f"on hold {began} Its {waiting} wait. Correct it: {command}"
        case "throttled":
            again = f"at {_moment(line.next_attempt_at)}" if line.next_attempt_at else "soon"
            return f"throttled {began} It is called again {again}; nothing to do."
        case _:
            return f"unavailable {began} It is tried every few seconds; nothing to do."


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"
