"""What was set aside for a person."""

from typing import Any

from orylo_api.access.audit import write_change
from orylo_api.call import Call
from orylo_api.dead_letters import queries as dead_letters
from orylo_api.dead_letters.models import (
    DeadLetter,
    DeadLetterPage,
    DeadLetterPath,
    DeadLetterQuery,
    DeadLetterState,
    DeadLetterSummary,
    DiscardRequest,
)
from orylo_api.errors import NotFound


async def list_dead_letters(call: Call[None, DeadLetterQuery, None]) -> DeadLetterPage:
    items, next_cursor = await dead_letters.list_dead_letters(call.connection, call.query)
    return DeadLetterPage(items=items, next_cursor=next_cursor)


async def show_dead_letter(call: Call[DeadLetterPath, None, None]) -> DeadLetter:
    dead_letter = await dead_letters.find_dead_letter(call.connection, call.path.id)
    if dead_letter is None:
        raise NotFound("there is no such dead letter")
    return dead_letter


async def replay(call: Call[DeadLetterPath, None, None]) -> DeadLetterSummary:
    settled = await dead_letters.replay(
        call.connection,
        call.services.broker,
        call.path.id,
        actor=call.principal.name,
        now=call.services.clock.now(),
    )
    await _audit(call, "dead_letter.replay", settled)
    return settled


async def discard(call: Call[DeadLetterPath, None, DiscardRequest]) -> DeadLetterSummary:
    settled = await dead_letters.discard(
        call.connection,
        call.path.id,
        actor=call.principal.name,
        reason=call.body.reason,
        now=call.services.clock.now(),
    )
    await _audit(call, "dead_letter.discard", settled)
    return settled


async def _audit(call: Call[DeadLetterPath, None, Any], action: str, settled: DeadLetterSummary) -> None:
    after: dict[str, str | None] = {"state": settled.state, "reason": settled.settled_reason}
    before = {"state": DeadLetterState.OPEN}
    await write_change(call, action=action, subject=f"dead letter {settled.id}", before=before, after=after)
