"""Quarantined webhooks: authenticated, but not understood or in conflict with an earlier one."""

from orylo_api.access import audit
from orylo_api.access.authentication import authorise
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.dead_letters.models import DiscardRequest
from orylo_api.http import outbox
from orylo_api.http.route import Route
from orylo_api.jobs.bulk import plan_or_start
from orylo_api.jobs.bulk_models import BULK, BulkAction, BulkPlan
from orylo_api.quarantine import queries, settling
from orylo_api.quarantine.bulk import KIND
from orylo_api.quarantine.groups import QuarantineGroups, group_by_cause
from orylo_api.quarantine.models import (
    QuarantineBulk,
    Quarantined,
    QuarantinedSummary,
    QuarantineGroupQuery,
    QuarantinePage,
    QuarantinePath,
    QuarantineQuery,
    QuarantineState,
)
from orylo_api.quarantine.selection import QuarantineSelection


async def list_quarantine(call: Call[None, QuarantineQuery, None]) -> QuarantinePage:
    items, next_cursor = await queries.list_quarantine(call.connection, call.query)
    return QuarantinePage(items=items, next_cursor=next_cursor)


async def list_quarantine_groups(call: Call[None, QuarantineGroupQuery, None]) -> QuarantineGroups:
    return await group_by_cause(call.connection, call.query, call.services.clock.now())


async def settle_quarantine(call: Call[None, None, QuarantineBulk]) -> BulkPlan:
    """Count the webhooks and, unless it is a dry run, start the job that settles them."""
    asked = call.body
    if asked.action is BulkAction.DISCARD:
        authorise(call.principal, Permission.DISCARD_QUARANTINE)
    selection = QuarantineSelection(call.services.clock.now(), ids=asked.ids, where=asked.filter)
    return await plan_or_start(call, KIND, selection, asked)


async def show_quarantined(call: Call[QuarantinePath, None, None]) -> Quarantined:
    return await queries.find_quarantined(call.connection, call.path.id)


async def replay_quarantined(call: Call[QuarantinePath, None, None]) -> QuarantinedSummary:
    """Publish the request. Ingest replays the webhook; the read model follows when it reports the result."""
    requested, request = await settling.request_replay(
        call.connection, call.path.id, actor=call.principal.name, now=call.services.clock.now()
    )
    await outbox.publish(call, request)
    await audit.write_change(call, action="quarantine.replay", subject=f"webhook {requested.id}")
    return requested


async def discard_quarantined(call: Call[QuarantinePath, None, DiscardRequest]) -> QuarantinedSummary:
    discarded = await settling.discard(
        call.connection,
        call.path.id,
        actor=call.principal.name,
        reason=call.body.reason,
        now=call.services.clock.now(),
    )
    before, after = {"state": QuarantineState.OPEN}, {"state": discarded.state, "reason": discarded.discarded_reason}
    subject = f"webhook {discarded.id}"
    await audit.write_change(call, action="quarantine.discard", subject=subject, before=before, after=after)
    return discarded


ROUTES = (
    Route(
        "GET",
        "/api/v1/quarantine",
        list_quarantine,
        Permission.READ,
        "Quarantined webhooks, newest first",
        description="Webhooks that are authentic and cannot be understood, or that contradict an earlier one.",
        query=QuarantineQuery,
        response=QuarantinePage,
    ),
    Route(
        "GET",
        "/api/v1/quarantine/groups",
        list_quarantine_groups,
        Permission.READ,
        "Open webhooks in quarantine by cause, the largest groups first",
        query=QuarantineGroupQuery,
        response=QuarantineGroups,
        description="The newest 100,000 open webhooks, grouped by gateway, kind and cause. "
        "The parameters narrow them as `filter` does in a bulk action. ",
    ),
    Route(
        "POST",
        "/api/v1/quarantine/bulk",
        settle_quarantine,
        Permission.REPLAY_QUARANTINE,
        "Replay or discard many quarantined webhooks, or count them",
        body=QuarantineBulk,
        response=BulkPlan,
        refuses={429},
        description=BULK,
    ),
    Route(
        "GET",
        "/api/v1/quarantine/{id}",
        show_quarantined,
        Permission.READ,
        "One quarantined webhook with its scrubbed payload",
        description="The payload's personal values are hashed. It is null if it was too large to keep.",
        path_values=QuarantinePath,
        response=Quarantined,
    ),
    Route(
        "POST",
        "/api/v1/quarantine/{id}/replay",
        replay_quarantined,
        Permission.REPLAY_QUARANTINE,
        "Replay a quarantined webhook",
        description=(
            "Reads the webhook again with the present code. The result appears as its `state` within moments."
        ),
        path_values=QuarantinePath,
        response=QuarantinedSummary,
        status=202,
    ),
    Route(
        "POST",
        "/api/v1/quarantine/{id}/discard",
        discard_quarantined,
        Permission.DISCARD_QUARANTINE,
        "Discard, with a reason",
        description="It is never published. The reason is kept in the audit log. 409 if it was settled already.",
        path_values=QuarantinePath,
        body=DiscardRequest,
        response=QuarantinedSummary,
    ),
)
