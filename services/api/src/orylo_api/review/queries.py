"""Cases of the review queue, by index in each order."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.payments.queries import outcome_of_row
from orylo_api.review.models import (
    CaseBuyer,
    CaseChangeKind,
    CaseOrder,
    CaseQuery,
    QueueAmount,
    ReviewCase,
    ReviewCaseChange,
    Reviewer,
    ReviewerList,
    ReviewSummary,
)
from orylo_api.review.work import CaseWorker, holder_of
from orylo_common.postgres.pool import Connection

MAX_COUNTED = 10_000
MAX_REVIEWERS = 500
MAX_RISK = 100

SELECT_DETECTIONS = "SELECT id, findings FROM api.detections_view WHERE id = ANY($1)"
SELECT_PAYMENTS = """
    SELECT payment_id, state, updated_at, refunded_minor, reversals FROM api.payments_view WHERE payment_id = ANY($1)
"""
SELECT_BUYERS = """
    SELECT asked.customer_id, coalesce(first.trust_score, asked.trust_score) AS trust_score,
           coalesce(first.status, asked.status) AS status
    FROM api.customers_view AS asked LEFT JOIN api.customers_view AS first ON first.customer_id = asked.people[1]
    WHERE asked.customer_id = ANY($1)
"""
COUNT_OPEN = f"""
    SELECT currency, count(*) AS payments, sum(amount_minor) AS amount_minor, min(created_at) AS oldest_at
    FROM (
        SELECT currency, amount_minor, created_at FROM api.review_cases
        WHERE open AND (later_until IS NULL OR later_until <= $1) ORDER BY created_at, payment_id LIMIT {MAX_COUNTED}
    ) AS counted
    GROUP BY currency ORDER BY payments DESC, currency
"""  # noqa: S608
COUNT_SNOOZED = f"""
    SELECT count(*) FROM (
        SELECT FROM api.review_cases WHERE open AND later_until > $1 LIMIT {MAX_COUNTED}
    ) AS counted
"""  # noqa: S608
COUNT_MINE = f"""
    SELECT count(*) FROM (
        SELECT FROM api.review_cases
        WHERE open AND (assigned_to = $2 OR claimed_by = $2 AND claimed_until > $1)
          AND (later_until IS NULL OR later_until <= $1) LIMIT {MAX_COUNTED}
    ) AS counted
"""  # noqa: S608
MEASURE_DECIDED = f"""
    SELECT count(*) AS decided, count(*) FILTER (WHERE verdict = 'fraud') AS frauds,
           extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY decided_at - claimed_at))::float8 AS median
    FROM (
        SELECT verdict, decided_at, claimed_at FROM api.review_decisions
        WHERE decided_at >= $1 AND undone_at IS NULL LIMIT {MAX_COUNTED}
    ) AS today
"""  # noqa: S608
SELECT_REVIEWERS = f"SELECT id, email FROM api.reviewers ORDER BY email LIMIT {MAX_REVIEWERS}"  # noqa: S608
FIND_REVIEWER = "SELECT id, email FROM api.reviewers WHERE email = lower($1)"


def _amount(text: str) -> float:
    amount = float(text)
    if not math.isfinite(amount):
        raise ValueError("not an amount")
    return amount


def _risk(text: str) -> int:
    risk = int(text)
    if not 0 <= risk <= MAX_RISK:
        raise ValueError("not a risk")
    return risk


TABLE = "api.review_cases"
ORDERS = {
    CaseOrder.MONEY: Listing(TABLE, "payment_id", str, order_by="amount", order_type=_amount),
    CaseOrder.RISK: Listing(TABLE, "payment_id", str, order_by="risk_score", order_type=_risk),
    CaseOrder.AGE: Listing(TABLE, "payment_id", str, ascending=True),
}


async def list_cases(
    connection: Connection, query: CaseQuery, worker: CaseWorker, now: datetime
) -> tuple[list[ReviewCase], str | None]:
    where = Where()
    where.seek("open")
    if query.mine:
        where.seek("(assigned_to = {} OR claimed_by = {} AND claimed_until > {})", worker.id, worker.id, now)
    if query.snoozed:
        where.seek("later_until > {}", now)
    else:
        where.filter("(later_until IS NULL OR later_until <= {})", now)
    if query.gateway is not None:
        where.filter("gateway = {}", query.gateway)
    rows, next_cursor = await fetch_page(connection, ORDERS[query.sort], where, query)
    return await cases_of(connection, rows, now), next_cursor


async def cases_of(connection: Connection, rows: Sequence[asyncpg.Record], now: datetime) -> list[ReviewCase]:
    """Return the rows as cases, with their reasons, what happened to the money, and the buyers."""
    found = await connection.fetch(SELECT_DETECTIONS, [row["detection_id"] for row in rows])
    findings: dict[UUID, dict[str, object]] = {each["id"]: each["findings"] for each in found}
    payments = await connection.fetch(SELECT_PAYMENTS, [row["payment_id"] for row in rows])
    outcomes = {each["payment_id"]: outcome_of_row(each) for each in payments}
    customers = list({row["customer_id"] for row in rows if row["customer_id"]})
    buyers = {row["customer_id"]: CaseBuyer.from_row(row) for row in await connection.fetch(SELECT_BUYERS, customers)}
    cases = []
    for row in rows:
        outcome = outcomes.get(row["payment_id"])
        shown = {name: row[name] for name in row.keys() if name != "amount"}  # noqa: SIM118  a Record yields values
        shown["assigned_to"] = row["assigned_to_name"]
        cases.append(
            ReviewCase.from_row(
                shown,
                **findings.get(row["detection_id"], {}),
                state=outcome and outcome.state,
                refunded_minor=outcome.refunded_minor if outcome else 0,
                buyer=buyers.get(row["customer_id"]),
                holder=holder_of(row, now) if row["open"] else None,
            )
        )
    return cases


def change_of(row: asyncpg.Record, kind: CaseChangeKind, actor: str, now: datetime) -> ReviewCaseChange:
    """Return what open streams learn about a change of a case."""
    return ReviewCaseChange(
        payment_id=row["payment_id"],
        change=kind,
        actor=actor,
        holder=holder_of(row, now),
        assigned_to=row["assigned_to_name"],
        later_until=row["later_until"],
        at=now,
    )


async def read_summary(connection: Connection, worker: CaseWorker, timezone: str, now: datetime) -> ReviewSummary:
    midnight = now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    amounts = await connection.fetch(COUNT_OPEN, now)
    [decided] = await connection.fetch(MEASURE_DECIDED, midnight)
    return ReviewSummary(
        open=sum(row["payments"] for row in amounts),
        amounts=[QueueAmount.from_row(row) for row in amounts],
        mine=await connection.fetchval(COUNT_MINE, now, worker.id),
        snoozed=await connection.fetchval(COUNT_SNOOZED, now),
        oldest_at=min((row["oldest_at"] for row in amounts), default=None),
        decided_today=decided["decided"],
        frauds_today=decided["frauds"],
        median_seconds=decided["median"],
    )


async def list_reviewers(connection: Connection) -> ReviewerList:
    return ReviewerList(items=[Reviewer.from_row(row) for row in await connection.fetch(SELECT_REVIEWERS)])


async def find_reviewer(connection: Connection, email: str) -> CaseWorker | None:
    row = await connection.fetchrow(FIND_REVIEWER, email)
    return None if row is None else CaseWorker(row["id"], row["email"])
