"""Dead letters: messages that died in a queue, and conversions and provider actions that failed."""

from typing import Any

from orylo_api.access.audit import write_change
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.dead_letters import queries, settling
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
from orylo_api.http.route import Route


async def list_dead_letters(call: Call[None, DeadLetterQuery, None]) -> DeadLetterPage:
    items, next_cursor = await queries.list_dead_letters(call.connection, call.query)
    return DeadLetterPage(items=items, next_cursor=next_cursor)


async def show_dead_letter(call: Call[DeadLetterPath, None, None]) -> DeadLetter:
    dead_letter = await queries.find_dead_letter(call.connection, call.path.id)
    if dead_letter is None:
        raise NotFound("there is no such dead letter")
    return dead_letter


async def replay_dead_letter(call: Call[DeadLetterPath, None, None]) -> DeadLetterSummary:
    settled = await settling.replay(
        call.connection,
        call.services.broker,
        call.path.id,
        actor=call.principal.name,
        now=call.services.clock.now(),
    )
    await _audit(call, "dead_letter.replay", settled)
    return settled


async def discard_dead_letter(call: Call[DeadLetterPath, None, DiscardRequest]) -> DeadLetterSummary:
    settled = await settling.discard(
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


ROUTES = (
    Route(
        "GET",
        "/api/v1/dead-letters",
        list_dead_letters,
        Permission.READ,
        "Dead letters, newest first",
        description="Messages and conversions that failed for good, and wait for a person to replay or discard them.",
        query=DeadLetterQuery,
        response=DeadLetterPage,
    ),
    Route(
        "GET",
        "/api/v1/dead-letters/{id}",
        show_dead_letter,
        Permission.READ,
        "One dead letter with its payload and history",
        description="The payload is the message as it was, with personal data hashed.",
        path_values=DeadLetterPath,
        response=DeadLetter,
    ),
    Route(
        "POST",
        "/api/v1/dead-letters/{id}/replay",
        replay_dead_letter,
        Permission.SETTLE_DEAD_LETTERS,
        "Replay a dead letter",
        description="It returns to the queue in which it died, and to no other. 409 if it was settled already.",
        path_values=DeadLetterPath,
        response=DeadLetterSummary,
    ),
    Route(
        "POST",
        "/api/v1/dead-letters/{id}/discard",
        discard_dead_letter,
        Permission.SETTLE_DEAD_LETTERS,
        "Discard, with a reason",
        description="It is never processed. The reason is kept in the audit log. 409 if it was settled already.",
        path_values=DeadLetterPath,
        body=DiscardRequest,
        response=DeadLetterSummary,
    ),
)
