"""Webhooks that were set aside."""

from orylo_api.access import audit
from orylo_api.call import Call
from orylo_api.dead_letters.models import DiscardRequest
from orylo_api.http import outbox
from orylo_api.quarantine import queries as quarantine
from orylo_api.quarantine.models import (
    Quarantined,
    QuarantinedSummary,
    QuarantinePage,
    QuarantinePath,
    QuarantineQuery,
    QuarantineState,
)


async def list_quarantine(call: Call[None, QuarantineQuery, None]) -> QuarantinePage:
    items, next_cursor = await quarantine.list_quarantine(call.connection, call.query)
    return QuarantinePage(items=items, next_cursor=next_cursor)


async def show_quarantined(call: Call[QuarantinePath, None, None]) -> Quarantined:
    return await quarantine.find_quarantined(call.connection, call.path.id)


async def replay_quarantined(call: Call[QuarantinePath, None, None]) -> QuarantinedSummary:
    """Ingest reads it once more; what is shown follows when it has told what became of it."""
    asked, request = await quarantine.request_replay(
        call.connection, call.path.id, actor=call.principal.name, now=call.services.clock.now()
    )
    await outbox.publish(call, request)
    await audit.write_change(call, action="quarantine.replay", subject=f"webhook {asked.id}")
    return asked


async def discard_quarantined(call: Call[QuarantinePath, None, DiscardRequest]) -> QuarantinedSummary:
    discarded = await quarantine.discard(
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
