"""Requests of people to send a conversion: another attempt at a failed one, or that of a blocked payment."""

from collections.abc import Sequence
from datetime import datetime

from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.facts import RedriveRequested
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.domain.release import BLOCKED

# A person's request outweighs the attempts before it, so they are no longer counted. A repeated request counts once.
# A decision that is newer than the one that blocked the payment may still keep the conversion back.
REDRIVE = f"""
    UPDATE dispatch.deliveries AS d
    SET state = 'pending', due_at = $4, refusals = 0, maybe_sent_at = NULL, code = NULL, reason = NULL,
        settled_at = NULL, redriven_by = requested.message_id
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $5::boolean[])
        AS requested (tenant_id, delivery_id, message_id, although_blocked)
    WHERE d.tenant_id = requested.tenant_id AND d.delivery_id = requested.delivery_id
      AND CASE WHEN requested.although_blocked THEN d.state = 'suppressed' AND d.reason = '{BLOCKED}'
               ELSE d.state = 'failed' END
      AND d.redriven_by IS DISTINCT FROM requested.message_id
    RETURNING d.redriven_by, d.tenant_id, d.destination_id
"""  # noqa: S608


async def redrive(
    connection: Connection, requests: Sequence[tuple[RedriveRequested, SideEffects]], now: datetime
) -> None:
    if not requests:
        return
    by_message = {request.message_id: (request, effects) for request, effects in requests}
    rows = await connection.fetch(
        REDRIVE,
        [request.tenant_id for request, _ in by_message.values()],
        [request.delivery_id for request, _ in by_message.values()],
        list(by_message),
        now,
        [request.although_blocked for request, _ in by_message.values()],
    )
    for message_id, tenant_id, destination_id in rows:
        by_message[message_id][1].due.add((tenant_id, destination_id))
