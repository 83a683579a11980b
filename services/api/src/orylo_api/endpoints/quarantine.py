"""Webhooks that were set aside."""

from orylo_api import audit, outbox, quarantine
from orylo_api.call import Call
from orylo_api.models.quarantine import (
    Quarantined,
    QuarantinedSummary,
    QuarantinePage,
    QuarantinePath,
    QuarantineQuery,
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
