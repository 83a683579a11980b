"""Dead letters: messages that died in a queue, and conversions and provider actions that failed."""

from typing import Any

from orylo_api.access.audit import write_change
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.dead_letters import queries, settling
from orylo_api.dead_letters.bulk import KIND
from orylo_api.dead_letters.groups import DeadLetterGroups, group_by_cause
from orylo_api.dead_letters.models import (
    DeadLetter,
    DeadLetterBulk,
    DeadLetterGroupQuery,
    DeadLetterPage,
    DeadLetterPath,
    DeadLetterQuery,
    DeadLetterState,
    DeadLetterSummary,
    DiscardRequest,
)
from orylo_api.dead_letters.selection import DeadLetterSelection
from orylo_api.errors import NotFound
from orylo_api.http.route import Route
from orylo_api.jobs.bulk import plan_or_start
from orylo_api.jobs.bulk_models import BULK, BulkPlan


async def list_dead_letters(call: Call[None, DeadLetterQuery, None]) -> DeadLetterPage:
    items, next_cursor = await queries.list_dead_letters(call.connection, call.query)
    return DeadLetterPage(items=items, next_cursor=next_cursor)


async def list_dead_letter_groups(call: Call[None, DeadLetterGroupQuery, None]) -> DeadLetterGroups:
    return await group_by_cause(call.connection, call.query, call.services.clock.now())


async def settle_dead_letters(call: Call[None, None, DeadLetterBulk]) -> BulkPlan:
    """Count the dead letters and, unless it is a dry run, start the job that settles them."""
    asked = call.body
    selection = DeadLetterSelection(call.services.clock.now(), dead_letters=asked.ids, where=asked.filter)
    return await plan_or_start(call, KIND, selection, asked)


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
        "/api/v1/dead-letters/groups",
        list_dead_letter_groups,
        Permission.READ,
        "Open dead letters by cause, the largest groups first",
        query=DeadLetterGroupQuery,
        response=DeadLetterGroups,
        description="The newest 100,000 open dead letters, grouped by source, kind and cause. "
        "The parameters narrow them as `filter` does in a bulk action. ",
    ),
    Route(
        "POST",
        "/api/v1/dead-letters/bulk",
        settle_dead_letters,
        Permission.SETTLE_DEAD_LETTERS,
        "Replay or discard many dead letters, or count them",
        body=DeadLetterBulk,
        response=BulkPlan,
        refuses={429},
        description=BULK,
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
