"""From `provider_action.changed` to rows of api.actions_view."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_common.messages import ProviderActionChanged
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(frozen=True, slots=True)
class ActionRow:
    """Of two rows of one action, the one with the higher `revision` is kept."""

    tenant_id: UUID
    id: UUID
    revision: int
    payment_id: str
    action: str
    status: str
    detection_id: UUID
    decided_by: str
    attempts: int
    reference: str | None
    code: str | None
    reason: str | None
    contradiction: str | None
    created_at: datetime
    updated_at: datetime


ACTIONS = Table("api.actions_view", ActionRow)

# Only the message about the success has a reference.
UPSERT_ACTIONS = f"""
    {ACTIONS.insert}
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        revision = greatest(stored.revision, EXCLUDED.revision),
        status = CASE WHEN EXCLUDED.revision > stored.revision THEN EXCLUDED.status ELSE stored.status END,
        detection_id =
            CASE WHEN EXCLUDED.revision > stored.revision THEN EXCLUDED.detection_id ELSE stored.detection_id END,
        decided_by = CASE WHEN EXCLUDED.revision > stored.revision THEN EXCLUDED.decided_by ELSE stored.decided_by END,
        attempts = greatest(stored.attempts, EXCLUDED.attempts),
        reference = coalesce(stored.reference, EXCLUDED.reference),
        code = CASE WHEN EXCLUDED.revision > stored.revision THEN EXCLUDED.code ELSE stored.code END,
        reason = CASE WHEN EXCLUDED.revision > stored.revision THEN EXCLUDED.reason ELSE stored.reason END,
        contradiction =
            CASE WHEN EXCLUDED.revision > stored.revision THEN EXCLUDED.contradiction ELSE stored.contradiction END,
        created_at = least(stored.created_at, EXCLUDED.created_at),
        updated_at = CASE WHEN EXCLUDED.revision > stored.revision THEN EXCLUDED.updated_at ELSE stored.updated_at END
"""


class ActionProjection:
    def __init__(self) -> None:
        self._rounds: list[dict[tuple[UUID, UUID], ActionRow]] = []

    def fold(self, changed: ProviderActionChanged, effects: Effects) -> None:
        row = _row(changed)
        key = (row.tenant_id, row.id)
        # One statement cannot write a row twice.
        free = next((each for each in self._rounds if key not in each), None)
        if free is None:
            self._rounds.append(free := {})
        free[key] = row
        effects.change_payment(row.tenant_id, row.payment_id)

    async def write(self, connection: Connection) -> None:
        for rows in self._rounds:
            await ACTIONS.execute(connection, UPSERT_ACTIONS, rows.values())


def _row(changed: ProviderActionChanged) -> ActionRow:
    return ActionRow(
        tenant_id=changed.tenant_id,
        id=changed.action_id,
        revision=changed.revision,
        payment_id=changed.payment_id,
        action=changed.action,
        status=changed.status,
        detection_id=changed.detection_id,
        decided_by=changed.decided_by,
        attempts=changed.attempts,
        reference=changed.reference,
        code=changed.code,
        reason=changed.reason,
        contradiction=changed.contradiction,
        created_at=changed.occurred_at,
        updated_at=changed.occurred_at,
    )
