"""Rows of api.dead_letters: messages that died in a queue, and conversions and provider actions that failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_api.dead_letters.models import DeadLetterState, DeadLetterSummary
from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import derived_uuid
from orylo_common.messages import (
    ConversionDispatched,
    ConversionFailed,
    ProviderActionChanged,
    ProviderActionStatus,
    encode,
)
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(frozen=True, slots=True)
class DeadLetterRow:
    tenant_id: UUID
    # Derived from the message and the time of its failure: one dead letter makes one row, however often it is reported.
    id: UUID
    source: str
    kind: str
    subject_id: UUID
    type: str | None
    subject: str | None
    reason: str
    code: str | None
    attempts: int
    body: bytes
    first_failed_at: datetime
    created_at: datetime

    @property
    def message_id(self) -> UUID:
        """The id of its claim."""
        return self.id


DEAD_LETTERS = Table("api.dead_letters", DeadLetterRow)
_columns_shown = DEAD_LETTERS.reader(DeadLetterSummary.model_fields)
NOT_SETTLED = {"state": DeadLetterState.OPEN, "settled_at": None, "settled_by": None, "settled_reason": None}

# Runs for deliveries and for failures: either may arrive first.
RESOLVE_DELIVERED = """
    UPDATE api.dead_letters AS d
    SET state = 'resolved', settled_at = c.updated_at
    FROM unnest($1::uuid[], $2::uuid[]) AS touched (tenant_id, id)
    JOIN api.conversions_view AS c USING (tenant_id, id)
    WHERE d.tenant_id = touched.tenant_id AND d.subject_id = touched.id AND d.kind = 'conversion'
      AND c.status = 'dispatched' AND d.state IN ('open', 'replayed')
"""

# An action that was withdrawn needs no further attempt either.
RESOLVE_ACTIONS = """
    UPDATE api.dead_letters AS d
    SET state = 'resolved', settled_at = a.updated_at
    FROM unnest($1::uuid[], $2::uuid[]) AS touched (tenant_id, id)
    JOIN api.actions_view AS a USING (tenant_id, id)
    WHERE d.tenant_id = touched.tenant_id AND d.subject_id = touched.id AND d.kind = 'action'
      AND a.status IN ('done', 'withdrawn') AND d.state IN ('open', 'replayed')
"""


class DeadLetterProjection:
    def __init__(self) -> None:
        self._rows: list[DeadLetterRow] = []
        self._actions: set[tuple[UUID, UUID]] = set()
        self._touched: set[tuple[UUID, UUID]] = set()

    def fold(
        self, item: DeadLetterRow | ConversionFailed | ConversionDispatched | ProviderActionChanged, effects: Effects
    ) -> None:
        match item:
            case ProviderActionChanged():
                self._actions.add((item.tenant_id, item.action_id))
                if item.status is ProviderActionStatus.FAILED:
                    self._add(failed_action_row(item), effects)
            case ConversionDispatched():
                self._touched.add((item.tenant_id, item.conversion_id))
            case ConversionFailed():
                self._touched.add((item.tenant_id, item.conversion_id))
                self._add(failed_conversion_row(item), effects)
            case DeadLetterRow():
                self._add(item, effects)

    def _add(self, row: DeadLetterRow, effects: Effects) -> None:
        self._rows.append(row)
        effects.count(row.tenant_id, row.created_at, "dead_letters")
        effects.stream(row.tenant_id, b"dead_letter.created", shown(row))

    async def write(self, connection: Connection) -> None:
        """Must follow the rows of conversions and actions, which say what has been delivered or done."""
        await DEAD_LETTERS.insert_new(connection, self._rows)
        if self._touched:
            await connection.execute(RESOLVE_DELIVERED, *zip(*sorted(self._touched), strict=True))
        if self._actions:
            await connection.execute(RESOLVE_ACTIONS, *zip(*sorted(self._actions), strict=True))


def failed_conversion_row(conversion: ConversionFailed) -> DeadLetterRow:
    return DeadLetterRow(
        tenant_id=conversion.tenant_id,
        id=derived_uuid(f"failed:{conversion.message_id}"),
        source="dispatch",
        kind="conversion",
        subject_id=conversion.conversion_id,
        type=conversion.type,
        subject=conversion.payment_id,
        reason=conversion.reason,
        code=conversion.code,
        attempts=conversion.attempts,
        body=encode(conversion),
        first_failed_at=conversion.occurred_at,
        created_at=conversion.occurred_at,
    )


def failed_action_row(changed: ProviderActionChanged) -> DeadLetterRow:
    return DeadLetterRow(
        tenant_id=changed.tenant_id,
        id=derived_uuid(f"failed:{changed.message_id}"),
        source="dispatch",
        kind="action",
        subject_id=changed.action_id,
        type=changed.type,
        subject=changed.payment_id,
        reason=changed.reason or "The provider refused.",
        code=changed.code,
        attempts=changed.attempts,
        body=encode(changed),
        first_failed_at=changed.occurred_at,
        created_at=changed.occurred_at,
    )


def shown(row: DeadLetterRow) -> dict[str, Any]:
    return _columns_shown(row) | NOT_SETTLED
