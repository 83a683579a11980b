from datetime import datetime

import asyncpg

from orylo_api.customers.models import (
    CustomerFilters,
    CustomerScore,
    CustomerStatus,
    CustomerSummary,
    DetectionEntry,
    HistoryEntry,
    PaymentEntry,
    ScoreCause,
    TrustEntry,
)
from orylo_api.http.fields import PageQuery
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.payments.queries import outcome_of_row
from orylo_common.messages import TrustStatus
from orylo_common.postgres.pool import Connection

CUSTOMERS = Listing("api.customers_view", "customer_id", str)

# CASE instead of coalesce: row-level security takes coalesce for leaky, and then no index serves the condition.
PEOPLE = "CASE WHEN {0}.people IS NULL THEN ARRAY[{0}.customer_id] ELSE {0}.people END"

# The row that represents the customer's person, or the customer's own until that row is there; and the first time that
# any customer of the person was seen.
SELECT_CUSTOMER = f"""
    SELECT first.*,
           (SELECT min(created_at) FROM api.customers_view AS c
            WHERE c.customer_id = ANY({PEOPLE.format("first")})) AS first_seen_at
    FROM api.customers_view AS asked
    JOIN api.customers_view AS first ON first.customer_id IN (asked.people[1], asked.customer_id)
    WHERE asked.customer_id = $1
    ORDER BY first.customer_id = asked.people[1] DESC NULLS LAST LIMIT 1
"""  # noqa: S608
SELECT_REPRESENTING = "SELECT * FROM api.customers_view WHERE customer_id = ANY($1::text[])"
SELECT_PAYMENTS = """
    SELECT * FROM api.payments_view WHERE customer_id = ANY($1::text[])
    ORDER BY created_at DESC, payment_id DESC LIMIT $2
"""
SELECT_DETECTIONS = """
    SELECT * FROM api.detections_view WHERE customer_id = ANY($1::text[]) ORDER BY created_at DESC, id DESC LIMIT $2
"""
SELECT_TRUST_CHANGES = """
    SELECT * FROM api.trust_changes WHERE customer_id = ANY($1::text[])
    ORDER BY occurred_at DESC, version DESC LIMIT $2
"""
# Each change begins with the score that the one before ended with, so the sums add up to the score.
SELECT_CHANGES_BY_CAUSE = """
    SELECT cause, sum(score_after - score_before)::integer AS points
    FROM api.trust_changes WHERE customer_id = $1 GROUP BY cause
"""

# Of any customer of the person. A maximum, because the planner would join an EXISTS with all payments.
LAST_PAYMENT = f"""(
    SELECT max(p.created_at) FROM api.payments_view AS p
    WHERE p.tenant_id = rows.tenant_id AND p.customer_id = ANY({PEOPLE.format("rows")})
)"""  # noqa: S608
SELECT_STATUS = """
    SELECT occurred_at AS set_at, actor, reason FROM api.trust_changes
    WHERE customer_id = $1 AND cause = 'status_set' ORDER BY version DESC LIMIT 1
"""

# Entries of each kind.
HISTORY_LENGTH = 50


async def list_customers(
    connection: Connection, query: CustomerFilters, page: PageQuery
) -> tuple[list[CustomerSummary], str | None]:
    where = Where()
    if query.status is not None and TrustStatus.NEUTRAL in query.status:
        where.filter("status = ANY({})", query.status)
    elif query.status is not None:
        # As literals: the planner uses the index on other statuses only if it can see that these are such.
        where.seek(f"status IN ({', '.join(repr(each.value) for each in query.status)})")
    if query.ids is not None:
        where.seek("customer_id = ANY({})", query.ids.split(","))
    else:
        # A person is listed once.
        where.filter("(people IS NULL OR people[1] = customer_id)")
    if query.min_trust is not None:
        where.filter("trust_score >= {}", query.min_trust)
    if query.max_trust is not None:
        where.filter("trust_score <= {}", query.max_trust)
    if query.first_seen_from is not None:
        where.seek("created_at >= {}", query.first_seen_from)
    if query.first_seen_to is not None:
        where.seek("created_at < {}", query.first_seen_to)
    if query.last_seen_from is not None:
        where.filter(f"coalesce({LAST_PAYMENT}, rows.created_at) >= {{}}", query.last_seen_from)
    if query.last_seen_to is not None:
        where.filter(f"coalesce({LAST_PAYMENT}, rows.created_at) < {{}}", query.last_seen_to)
    rows, next_cursor = await fetch_page(connection, CUSTOMERS, where, page)
    represented = {row["people"][0] for row in rows if row["people"] and row["people"][0] != row["customer_id"]}
    first = {row["customer_id"]: row for row in await connection.fetch(SELECT_REPRESENTING, list(represented))}
    return [_customer(row, first.get((row["people"] or [""])[0], row)) for row in rows], next_cursor


async def find_customer(connection: Connection, customer_id: str) -> CustomerSummary | None:
    row = await connection.fetchrow(SELECT_CUSTOMER, customer_id)
    return None if row is None else _customer(row, row)


async def read_score(connection: Connection, customer_id: str) -> CustomerScore | None:
    """Return the score by cause. A score that last changed before causes were summed is split by its changes."""
    row = await connection.fetchrow(SELECT_CUSTOMER, customer_id)
    if row is None:
        return None
    causes, start, score = row["trust_causes"], row["trust_start"], row["trust_score"]
    if causes is None:
        changes = await connection.fetch(SELECT_CHANGES_BY_CAUSE, row["customer_id"])
        causes = {change["cause"]: change["points"] for change in changes}
        start = score - sum(causes.values())
    largest_first = sorted(causes.items(), key=lambda each: (-abs(each[1]), each[0]))
    return CustomerScore.from_row(
        row,
        start=start,
        causes=[ScoreCause(cause=cause, points=points) for cause, points in largest_first if points],
        total=start + sum(causes.values()),
    )


async def read_status(connection: Connection, customer_id: str) -> CustomerStatus | None:
    customer = await find_customer(connection, customer_id)
    if customer is None:
        return None
    newest = await connection.fetchrow(SELECT_STATUS, customer.people[0])
    return CustomerStatus.from_row(
        newest or {"set_at": None, "actor": None, "reason": None},
        customer_id=customer.people[0],
        status=customer.status,
        expires_at=customer.status_expires_at,
    )


async def read_history(connection: Connection, people: list[str]) -> list[HistoryEntry]:
    """Return the latest payments, detections and trust changes of a person's customers, newest first."""
    payments = await connection.fetch(SELECT_PAYMENTS, people, HISTORY_LENGTH)
    detections = await connection.fetch(SELECT_DETECTIONS, people, HISTORY_LENGTH)
    trust_changes = await connection.fetch(SELECT_TRUST_CHANGES, people, HISTORY_LENGTH)
    entries: list[HistoryEntry] = [
        *(payment_entry(row) for row in payments),
        *(
            DetectionEntry.from_row(row, at=row["created_at"], detection_id=row["id"], **row["findings"])
            for row in detections
        ),
        *(TrustEntry.from_row(row, at=row["occurred_at"]) for row in trust_changes),
    ]
    return sorted(entries, key=_at, reverse=True)


def payment_entry(row: asyncpg.Record) -> PaymentEntry:
    outcome = outcome_of_row(row)
    return PaymentEntry.from_row({**row, **outcome._asdict()}, at=outcome.updated_at)


def _at(entry: HistoryEntry) -> datetime:
    return entry.at


def _customer(row: asyncpg.Record, first: asyncpg.Record) -> CustomerSummary:
    """`first` is the row that represents the person."""
    return CustomerSummary(
        id=row["customer_id"],
        trust_score=first["trust_score"],
        status=first["status"],
        status_expires_at=first["status_expires_at"],
        created_at=row.get("first_seen_at") or row["created_at"],
        updated_at=first["updated_at"] or first["created_at"],
        people=row["people"] or [row["customer_id"]],
    )
