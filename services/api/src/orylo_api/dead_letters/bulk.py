"""Replay or discard many dead letters, in a job."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

import asyncpg

from orylo_api.access.roles import Permission
from orylo_api.dead_letters import settling
from orylo_api.dead_letters.models import DeadLetterState
from orylo_api.dead_letters.selection import DeadLetterSelection
from orylo_api.errors import Conflict, NotFound
from orylo_api.jobs.bulk import settle_in_batches
from orylo_api.jobs.bulk_models import BulkAction
from orylo_api.jobs.kind import JobKind
from orylo_api.jobs.run import JobRun
from orylo_common.control.audit import write_audit_line
from orylo_common.postgres.pool import Connection

KIND = "dead_letters.bulk"

SET_JOB = "UPDATE api.dead_letters SET job_id = $1 WHERE id = ANY ($2)"
# Those that died again since the job replayed them.
COUNT_FAILED_AGAIN = """
    SELECT count(*) FROM api.dead_letters AS again
    WHERE again.created_at > (SELECT created_at FROM api.jobs WHERE id = $1) AND EXISTS (
        SELECT FROM api.dead_letters AS d
        WHERE d.tenant_id = again.tenant_id AND d.subject_id = again.subject_id AND d.source = again.source
          AND d.job_id = $1 AND d.state = 'replayed' AND d.settled_at < again.created_at
    )
"""


async def settle_selected(run: JobRun) -> None:
    selection = DeadLetterSelection.of_stored(run.request["selection"])
    await settle_in_batches(run, selection, partial(_settle, run))


async def _settle(run: JobRun, connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
    """Settle each row as its own endpoint does, in the name of the job's author."""
    counts = Counter(run.counts)
    settled: list[UUID] = []
    for row in rows:
        try:
            state = await _settle_one(run, connection, row["id"])
        except (NotFound, Conflict):
            # A person settled it meanwhile.
            counts["skipped"] += 1
        else:
            counts[state.value] += 1
            settled.append(row["id"])
    await connection.execute(SET_JOB, run.id, settled)
    run.counts = {**counts, **await count_failed_again(connection, run.id)}


async def _settle_one(run: JobRun, connection: Connection, dead_letter_id: UUID) -> DeadLetterState:
    now, actor, reason = run.services.clock.now(), run.actor, run.request["reason"]
    if run.request["action"] == BulkAction.REPLAY:
        settled = await settling.replay(connection, run.services.broker, dead_letter_id, actor=actor.name, now=now)
    else:
        settled = await settling.discard(connection, dead_letter_id, actor=actor.name, reason=reason, now=now)
    await write_audit_line(
        connection,
        run.tenant_id,
        actor,
        action=f"dead_letter.{run.request['action']}",
        subject=f"dead letter {dead_letter_id}",
        before={"state": DeadLetterState.OPEN},
        after={"state": settled.state, "reason": settled.settled_reason, "job": str(run.id)},
        at=now,
    )
    return settled.state


async def count_failed_again(connection: Connection, job_id: UUID) -> Mapping[str, int]:
    count: int = await connection.fetchval(COUNT_FAILED_AGAIN, job_id)
    return {"failed_again": count} if count else {}


DEAD_LETTER_BULK = JobKind(KIND, Permission.SETTLE_DEAD_LETTERS, settle_selected, count_failed_again)
