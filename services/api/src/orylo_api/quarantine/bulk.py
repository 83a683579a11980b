"""Replay or discard many quarantined webhooks, in a job."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.access.roles import Permission
from orylo_api.errors import Conflict, NotFound
from orylo_api.http.outbox import write_message
from orylo_api.jobs.bulk import settle_in_batches
from orylo_api.jobs.bulk_models import BulkAction
from orylo_api.jobs.kind import JobKind
from orylo_api.jobs.run import JobRun
from orylo_api.quarantine import settling
from orylo_api.quarantine.models import QuarantineState
from orylo_api.quarantine.selection import QuarantineSelection
from orylo_common.control.audit import write_audit_line
from orylo_common.postgres.pool import Connection

KIND = "quarantine.bulk"

SET_JOB = "UPDATE api.quarantine_view SET job_id = $1 WHERE id = ANY ($2)"
# Those that ingest replayed for the job and could not read.
COUNT_FAILED_AGAIN = """
    SELECT count(*) FROM api.quarantine_view
    WHERE job_id = $1 AND state = 'open' AND replayed_at >= replay_requested_at
"""


async def settle_selected(run: JobRun) -> None:
    selection = QuarantineSelection.of_stored(run.request["selection"])
    await settle_in_batches(run, selection, partial(_settle, run))


async def _settle(run: JobRun, connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
    """Settle each row as its own endpoint does, in the name of the job's author."""
    replays, counts = run.request["action"] == BulkAction.REPLAY, Counter(run.counts)
    settled: list[UUID] = []
    for row in rows:
        try:
            await (_replay if replays else _discard)(run, connection, row["id"])
        except (NotFound, Conflict):
            # A person settled it meanwhile.
            counts["skipped"] += 1
        else:
            counts["replayed" if replays else "discarded"] += 1
            settled.append(row["id"])
    await connection.execute(SET_JOB, run.id, settled)
    run.counts = {**counts, **await count_failed_again(connection, run.id)}


async def _replay(run: JobRun, connection: Connection, webhook_id: UUID) -> None:
    now = run.services.clock.now()
    _, request = await settling.request_replay(connection, webhook_id, actor=run.actor.name, now=now)
    await write_message(connection, request)
    await _audit(run, connection, webhook_id, {"job": str(run.id)})


async def _discard(run: JobRun, connection: Connection, webhook_id: UUID) -> None:
    now, reason = run.services.clock.now(), run.request["reason"]
    await settling.discard(connection, webhook_id, actor=run.actor.name, reason=reason, now=now)
    after = {"state": QuarantineState.DISCARDED, "reason": reason, "job": str(run.id)}
    await _audit(run, connection, webhook_id, after)


async def _audit(run: JobRun, connection: Connection, webhook_id: UUID, after: dict[str, Any]) -> None:
    action, subject = f"quarantine.{run.request['action']}", f"webhook {webhook_id}"
    before = {"state": QuarantineState.OPEN}
    await write_audit_line(
        connection, run.tenant_id, run.actor, action=action, subject=subject, before=before, after=after
    )


async def count_failed_again(connection: Connection, job_id: UUID) -> Mapping[str, int]:
    count: int = await connection.fetchval(COUNT_FAILED_AGAIN, job_id)
    return {"failed_again": count} if count else {}


QUARANTINE_BULK = JobKind(KIND, Permission.REPLAY_QUARANTINE, settle_selected, count_failed_again)
