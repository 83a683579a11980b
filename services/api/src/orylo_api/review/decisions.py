"""Verdicts from the queue, recorded to be undone and for the figures of the day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from orylo_api.customers.models import CustomerSummary
from orylo_api.errors import Conflict, NotFound
from orylo_api.review.work import CaseWorker
from orylo_common.messages import PaymentVerdict
from orylo_common.postgres.pool import Connection

# Long enough to notice a slip; later, a person judges the payment again.
UNDO_WITHIN = timedelta(minutes=10)

INSERT_DECISION = """
    INSERT INTO api.review_decisions (
        tenant_id, id, payment_id, verdict, decided_by, decided_by_name, decided_at, claimed_at,
        customer_id, status_before, status_before_expires_at
    )
    SELECT tenant_id, $2, payment_id, $3, $4, $5, $6, CASE WHEN claimed_by = $4 THEN claimed_at END, $7, $8, $9
    FROM api.review_cases WHERE payment_id = $1
"""
LOCK_NEWEST = """
    SELECT * FROM api.review_decisions WHERE payment_id = $1 ORDER BY decided_at DESC, id DESC LIMIT 1 FOR UPDATE
"""
MARK_UNDONE = "UPDATE api.review_decisions SET undone_at = $2 WHERE id = $1"
# A later verdict, or a later status of the customer, is another person's and stays.
LATER_VERDICT = "SELECT EXISTS (SELECT FROM api.fraud_evidence WHERE payment_id = $1 AND verdict_at > $2)"
LATER_STATUS = """
    SELECT EXISTS (
        SELECT FROM api.trust_changes WHERE customer_id = $1 AND cause = 'status_set' AND occurred_at > $2
    )
"""


@dataclass(frozen=True, slots=True)
class CaseDecision:
    """`blocked` is the customer that was blocked with the verdict, as it was before."""

    verdict_id: UUID
    payment_id: str
    verdict: PaymentVerdict
    at: datetime
    blocked: CustomerSummary | None


async def record(connection: Connection, decision: CaseDecision, worker: CaseWorker) -> None:
    """Record a decision on a case that is still claimed."""
    before = decision.blocked
    await connection.execute(
        INSERT_DECISION,
        decision.payment_id,
        decision.verdict_id,
        decision.verdict,
        worker.id,
        worker.name,
        decision.at,
        before and before.id,
        before and before.status,
        before and before.status_expires_at,
    )


async def mark_undone(connection: Connection, payment_id: str, worker: CaseWorker, now: datetime) -> asyncpg.Record:
    """Return the decision that is undone. Raises `NotFound`, and `Conflict` if it cannot be undone any more."""
    row = await connection.fetchrow(LOCK_NEWEST, payment_id)
    if row is None:
        raise NotFound("nothing was decided on this case")
    if row["undone_at"] is not None:
        raise Conflict("the decision was already undone", code="already_undone")
    if row["decided_by"] != worker.id:
        raise Conflict(f"the case was decided by {row['decided_by_name']}; only they can undo it", code="not_yours")
    if row["decided_at"] + UNDO_WITHIN < now:
        raise Conflict("the time to undo it has passed; give another verdict on the payment", code="too_late")
    if await connection.fetchval(LATER_VERDICT, payment_id, row["decided_at"]):
        raise Conflict("the payment has a later verdict", code="later_verdict")
    await connection.execute(MARK_UNDONE, row["id"], now)
    return row


async def has_later_status(connection: Connection, customer_id: str, since: datetime) -> bool:
    later: bool = await connection.fetchval(LATER_STATUS, customer_id, since)
    return later
