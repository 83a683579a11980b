"""Reconciliations in PostgreSQL.

A worker holds one by moving its `due_at` ahead, and loses it when another changes it.
"""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from orylo_common.messages import ReconciliationState
from orylo_common.postgres.pool import Connection
from orylo_ingest.reconciliation.amounts import ReportedAmount
from orylo_ingest.reconciliation.job import ReconciliationJob

# Far longer than a page takes. After a kill, another worker continues this much later.
LEASE = timedelta(seconds=90)

COLUMNS = ", ".join(field.name for field in fields(ReconciliationJob))
INSERT_JOB = f"""
    INSERT INTO ingest.reconciliations ({COLUMNS}, due_at)
    VALUES ({", ".join(f"${number}" for number in range(1, len(fields(ReconciliationJob)) + 2))})
    ON CONFLICT DO NOTHING RETURNING id
"""  # noqa: S608
CLAIM_DUE = f"""
    UPDATE ingest.reconciliations SET state = 'running', due_at = $1::timestamptz + $2, revision = revision + 1
    WHERE (tenant_id, id) IN (
        SELECT tenant_id, id FROM ingest.reconciliations
        WHERE state IN ('queued', 'running') AND due_at <= $1 AND ($3::uuid IS NULL OR id = $3)
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING {COLUMNS}
"""  # noqa: S608
UPDATE_JOB = """
    UPDATE ingest.reconciliations SET
        livemode = $4, state = $5, phase = $6, place = $7, listed = $8, known = $9, not_subscribed = $10, problem = $11,
        failures = $12, finished_at = $13, due_at = $14, revision = revision + 1
    WHERE tenant_id = $1 AND id = $2 AND revision = $3
    RETURNING revision
"""
SELECT_JOB = f"SELECT {COLUMNS} FROM ingest.reconciliations WHERE id = $1"  # noqa: S608
SELECT_DUE_AT = "SELECT due_at FROM ingest.reconciliations WHERE id = $1"

# Several amounts of a subject, such as partial refunds, are added up. Stripe reports a charge under its own payment id;
# an event may be stored under the id of the payment's invoice.
ADD_AMOUNTS = """
    WITH given AS (
        SELECT kind, coalesce(linked.payment_id, subject) AS subject, currency, minor, at
        FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[])
            AS given (kind, subject, currency, minor, at)
        LEFT JOIN ingest.linked_payments AS linked
          ON linked.tenant_id = $1 AND linked.charge_id = given.subject AND given.kind IN ('charge', 'refund')
    )
    INSERT INTO ingest.reconciled_amounts AS stored
        (tenant_id, reconciliation_id, kind, subject, currency, {side}_minor, {side}_at)
    SELECT $1, $2, kind, subject, currency, sum(minor), min(at) FROM given GROUP BY kind, subject, currency
    ON CONFLICT (tenant_id, reconciliation_id, kind, subject, currency) DO UPDATE SET
        {side}_minor = coalesce(stored.{side}_minor, 0) + EXCLUDED.{side}_minor,
        {side}_at = least(stored.{side}_at, EXCLUDED.{side}_at)
"""
DELETE_AMOUNTS = "DELETE FROM ingest.reconciled_amounts WHERE tenant_id = $1 AND reconciliation_id = $2"


class LeaseLost(Exception):
    """Another worker holds the reconciliation by now."""


async def insert_job(connection: Connection, job: ReconciliationJob, *, due_at: datetime) -> bool:
    """Insert a reconciliation, which no worker runs before `due_at`. Returns False if it is known."""
    values = [getattr(job, field.name) for field in fields(ReconciliationJob)]
    return await connection.fetchval(INSERT_JOB, *values, due_at) is not None


async def claim_due(connection: Connection, now: datetime, job_id: UUID | None = None) -> ReconciliationJob | None:
    """Claim the reconciliation that has been due the longest, or the one with this id if it is due."""
    row = await connection.fetchrow(CLAIM_DUE, now, LEASE, job_id)
    return None if row is None else _job(row)


async def find_job(connection: Connection, job_id: UUID) -> tuple[ReconciliationJob, datetime]:
    """Return a reconciliation, and the time at which it continues."""
    row = await connection.fetchrow(SELECT_JOB, job_id)
    if row is None:
        raise LookupError("the reconciliation was deleted")
    return _job(row), await connection.fetchval(SELECT_DUE_AT, job_id)


async def update_job(connection: Connection, job: ReconciliationJob, *, due_at: datetime) -> ReconciliationJob:
    """Store the job as it is now. Raises `LeaseLost`."""
    revision = await connection.fetchval(
        UPDATE_JOB,
        job.tenant_id,
        job.id,
        job.revision,
        job.livemode,
        job.state,
        job.phase,
        job.place,
        job.listed,
        job.known,
        job.not_subscribed,
        job.problem,
        job.failures,
        job.finished_at,
        due_at,
    )
    if revision is None:
        raise LeaseLost
    return replace(job, revision=revision)


async def add_amounts(
    connection: Connection, job: ReconciliationJob, side: str, amounts: Iterable[ReportedAmount]
) -> None:
    columns = list(
        zip(*((each.kind, each.subject, each.currency, each.minor, each.at) for each in amounts), strict=True)
    )
    if columns:
        await connection.execute(ADD_AMOUNTS.format(side=side), job.tenant_id, job.id, *columns)


async def delete_amounts(connection: Connection, job: ReconciliationJob) -> None:
    await connection.execute(DELETE_AMOUNTS, job.tenant_id, job.id)


def _job(row: Record) -> ReconciliationJob:
    return ReconciliationJob(**{**row, "state": ReconciliationState(row["state"])})
