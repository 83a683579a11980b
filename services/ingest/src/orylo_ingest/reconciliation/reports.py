"""Build the message that reports a reconciliation."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from orylo_common.ids import uuid7
from orylo_common.messages import FetchedEvent, ReconciledAmount, ReconciledEvents, ReconciliationChanged
from orylo_common.postgres.pool import Connection
from orylo_ingest.reconciliation.job import ReconciliationJob

# A message must stay below 256 KiB, and a person reads no more.
MAX_FETCHED = 100
MAX_DIFFERENCES = 200
# A charge near the range's end may have been reported after it.
EDGE = timedelta(hours=1)

COUNT_MISSING = """
    SELECT count(*), count(fetched_at) FROM ingest.missing_events
    WHERE tenant_id = $1 AND reconciliation_id = $2
"""
SELECT_MISSING = f"""
    SELECT gateway_event_id, gateway_event_type FROM ingest.missing_events
    WHERE tenant_id = $1 AND reconciliation_id = $2 ORDER BY created_at, event_id LIMIT {MAX_FETCHED}
"""  # noqa: S608
_AMOUNTS = """
    SELECT kind, currency, (coalesce(gateway_at, received_at) AT TIME ZONE 'UTC')::date AS day,
           gateway_minor, received_minor
    FROM ingest.reconciled_amounts
    WHERE tenant_id = $1 AND reconciliation_id = $2
      AND (kind = 'fee' OR (gateway_minor IS NOT NULL AND received_minor IS NOT NULL)
           OR (coalesce(gateway_at, received_at) >= $3 AND coalesce(gateway_at, received_at) < $4))
"""
_SUMS = """
    sum(coalesce(gateway_minor, 0))::bigint AS gateway_minor,
    CASE WHEN kind <> 'fee' THEN sum(coalesce(received_minor, 0))::bigint END AS received_minor,
    count(gateway_minor) AS gateway_count, count(received_minor) AS received_count
"""
SELECT_TOTALS = f"""
    SELECT kind, currency, NULL::date AS day, {_SUMS} FROM ({_AMOUNTS}) AS amounts
    GROUP BY kind, currency ORDER BY kind, currency LIMIT {MAX_DIFFERENCES}
"""  # noqa: S608
SELECT_DIFFERENCES = f"""
    SELECT kind, currency, day, {_SUMS} FROM ({_AMOUNTS}) AS amounts
    WHERE kind <> 'fee' GROUP BY kind, currency, day
    HAVING count(*) FILTER (WHERE gateway_minor IS DISTINCT FROM received_minor) > 0
    ORDER BY day, kind, currency LIMIT {MAX_DIFFERENCES}
"""  # noqa: S608


async def report_of(connection: Connection, job: ReconciliationJob, now: datetime) -> ReconciliationChanged:
    """Return the message about the job as it is stored."""
    ((missing_count, fetched_count),) = await connection.fetch(COUNT_MISSING, job.tenant_id, job.id)
    missing = await connection.fetch(SELECT_MISSING, job.tenant_id, job.id)
    totals: Iterable[Any] = ()
    differences: Iterable[Any] = ()
    if job.finished_at is not None:
        keys = job.tenant_id, job.id, job.range_start + EDGE, job.range_end - EDGE
        totals = await connection.fetch(SELECT_TOTALS, *keys)
        differences = await connection.fetch(SELECT_DIFFERENCES, *keys)
    return ReconciliationChanged(
        message_id=uuid7(),
        correlation_id=job.id,
        tenant_id=job.tenant_id,
        occurred_at=now,
        reconciliation_id=job.id,
        revision=job.revision,
        gateway=job.gateway,
        livemode=job.livemode,
        range_start=job.range_start,
        range_end=job.range_end,
        dry_run=job.dry_run,
        requested_by=job.requested_by,
        requested_at=job.created_at or now,
        state=job.state,
        finished_at=job.finished_at,
        problem=job.problem,
        events=ReconciledEvents(
            listed=job.listed,
            known=job.known,
            missing=missing_count,
            fetched=fetched_count,
            not_subscribed=job.not_subscribed,
        ),
        fetched=tuple(FetchedEvent(**row) for row in missing),
        totals=tuple(ReconciledAmount(**row) for row in totals),
        differences=tuple(ReconciledAmount(**row) for row in differences),
    )
