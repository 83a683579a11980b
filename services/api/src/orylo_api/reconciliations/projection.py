"""From `reconciliation.changed` to rows of api.reconciliations_view."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_api.reconciliations.models import Reconciliation, ReconciliationSource, ReconciliationSummary
from orylo_api.reconciliations.queries import report_of
from orylo_common.messages import ReconciliationChanged
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(frozen=True, slots=True)
class ReconciliationRow:
    """Of two rows of one reconciliation, the one with the higher `revision` is kept."""

    tenant_id: UUID
    id: UUID
    gateway: str
    source: str
    state: str
    revision: int
    report: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None


RECONCILIATIONS = Table("api.reconciliations_view", ReconciliationRow)

UPSERT_RECONCILIATIONS = f"""
    {RECONCILIATIONS.insert}
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        state = EXCLUDED.state, revision = EXCLUDED.revision, report = EXCLUDED.report,
        finished_at = EXCLUDED.finished_at
    WHERE EXCLUDED.revision > stored.revision
"""


class ReconciliationProjection:
    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, UUID], ReconciliationRow] = {}

    def fold(self, changed: ReconciliationChanged, effects: Effects) -> None:
        key = (changed.tenant_id, changed.reconciliation_id)
        known = self._rows.get(key)
        if known is not None and known.revision >= changed.revision:
            return
        made = Reconciliation.model_validate(
            {
                **changed.model_dump(),
                "id": changed.reconciliation_id,
                "source": ReconciliationSource.GATEWAY,
                "created_at": changed.requested_at,
                "export": None,
            }
        )
        self._rows[key] = ReconciliationRow(
            *key,
            changed.gateway,
            made.source,
            made.state,
            changed.revision,
            report_of(made),
            made.created_at,
            made.finished_at,
        )
        summary = ReconciliationSummary.model_validate(made.model_dump())
        effects.stream(changed.tenant_id, b"reconciliation.changed", summary.model_dump(mode="json"))

    async def write(self, connection: Connection) -> None:
        await RECONCILIATIONS.execute(connection, UPSERT_RECONCILIATIONS, self._rows.values())
