"""Record facts about actions in PostgreSQL: many in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from orylo_common.clock import Clock
from orylo_common.postgres.pool import Connection
from orylo_dispatch.actions.decisions import apply_decisions
from orylo_dispatch.actions.facts import (
    ActionDecided,
    ActionFact,
    ActionRedriveAsked,
    RefundPrevented,
)
from orylo_dispatch.actions.rows import RETURNED, announced
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.domain.action import REASONS
from orylo_dispatch.outbox import write_messages

# A refund that may have been made already stays due: its repeat brings the answer to the first.
PREVENT_REFUND = f"""
    UPDATE dispatch.provider_actions AS d
    SET state = 'suppressed', code = $3, reason = $4, settled_at = $5, revision = d.revision + 2
    WHERE d.tenant_id = $1 AND d.payment_id = $2 AND d.action = 'refund'
      AND d.started_at IS NULL AND d.maybe_sent_at IS NULL AND d.state IN ('pending', 'failed')
    RETURNING {RETURNED}
"""  # noqa: S608

# A person's request outweighs the attempts before it. A repeated request counts once.
REDRIVE = f"""
    UPDATE dispatch.provider_actions AS d
    SET state = 'pending', due_at = $4, refusals = 0, code = NULL, reason = NULL, settled_at = NULL,
        revision = d.revision + 2, redrives = d.redrives + 1, redriven_by = $3
    WHERE d.tenant_id = $1 AND d.delivery_id = $2 AND d.state = 'failed' AND d.redriven_by IS DISTINCT FROM $3
    RETURNING {RETURNED}
"""  # noqa: S608

OneType = TypeVar("OneType", ActionDecided, RefundPrevented, ActionRedriveAsked)


class ActionStore:
    """`write` runs in the transaction of a group commit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def write(self, connection: Connection, facts: Sequence[ActionFact]) -> list[SideEffects]:
        """Record the facts; a repeated fact has no effect."""
        now = self._clock.now()
        effects = [SideEffects() for _ in facts]
        await apply_decisions(connection, _of_type(ActionDecided, facts, effects), now)
        for prevented, effect in _of_type(RefundPrevented, facts, effects):
            reason = REASONS[prevented.code]
            keys = (prevented.tenant_id, prevented.payment_id, prevented.code, reason)
            await _change(connection, PREVENT_REFUND, keys, effect, now)
        for asked, effect in _of_type(ActionRedriveAsked, facts, effects):
            await _change(connection, REDRIVE, (asked.tenant_id, asked.action_id, asked.message_id), effect, now)
        await write_messages(connection, [message for each in effects for message in each.messages])
        return effects


async def _change(
    connection: Connection, statement: str, keys: Sequence[object], effects: SideEffects, now: datetime
) -> None:
    for values in await connection.fetch(statement, *keys, now):
        row, message = announced(values, now)
        effects.messages.append(message)
        effects.due.add(row.key)


def _of_type(
    fact_type: type[OneType], facts: Sequence[ActionFact], effects: Sequence[SideEffects]
) -> list[tuple[OneType, SideEffects]]:
    return [(fact, effect) for fact, effect in zip(facts, effects, strict=True) if isinstance(fact, fact_type)]
