"""Give customers another id in the tables of every service."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from orylo_common.postgres.outbox_bodies import COMPRESSED_PREFIX, decompress
from orylo_common.postgres.pool import Connection

GIVEN = "unnest($1::uuid[], $2::text[], $3::text[]) AS given (tenant_id, former, now)"
RENAME = """
    UPDATE {table} AS t SET {column} = {prefix} || given.now FROM {given}
    WHERE t.tenant_id = given.tenant_id AND t.{column} = {prefix} || given.former {unless}
"""
# A row of the new id may exist if an older version still ran. Then both stay.
UNLESS_KNOWN = """
    AND NOT EXISTS (
        SELECT FROM {table} AS o WHERE o.tenant_id = given.tenant_id AND o.{column} = {prefix} || given.now
    )
"""
# Table, column, what precedes the id in it, and whether the id is part of a unique key.
COLUMNS = (
    ("trust.accounts", "customer_id", "", True),
    ("trust.months", "customer_id", "", True),
    ("trust.ledger", "customer_id", "", False),
    ("trust.payers", "customer_id", "", False),
    ("detector.customers", "customer_id", "", True),
    ("detector.amounts", "subject", "customer:", True),
    ("detector.detections", "customer_id", "", False),
    ("detector.incidents", "customer_id", "", False),
    ("detector.paid", "customer_id", "", False),
    ("api.customers_view", "customer_id", "", True),
    ("api.trust_changes", "customer_id", "", True),
    ("api.detections_view", "customer_id", "", False),
)
RENAME_PAYMENTS = """
    UPDATE api.payments_view AS p
    SET customer_id = given.now,
        details = replace(p.details::text, given.former, given.now)::jsonb,
        enriched = replace(p.enriched::text, given.former, given.now)::jsonb
    FROM {given} WHERE p.tenant_id = given.tenant_id AND p.customer_id = given.former
"""
RENAME_DELIVERIES = """
    UPDATE dispatch.deliveries AS d SET conversion = replace(d.conversion::text, given.former, given.now)::jsonb
    FROM {given} WHERE d.tenant_id = given.tenant_id AND d.conversion ->> 'customer_id' = given.former
"""
RENAME_ENRICHMENTS = """
    UPDATE dispatch.enrichments AS e
    SET payment = replace(e.payment::text, given.former, given.now)::jsonb,
        later = replace(e.later::text, given.former, given.now)::jsonb
    FROM {given}
    WHERE e.tenant_id = given.tenant_id AND strpos(concat(e.payment::text, e.later::text), given.former) > 0
"""
# Bodies in an outbox may be compressed. Dead letters among them need not be text in UTF-8.
SELECT_MESSAGES = """
    SELECT DISTINCT {column} AS body FROM {table} WHERE position($1 IN {column}) = 1 OR EXISTS (
        SELECT FROM unnest($2::bytea[]) AS former WHERE position(former IN {column}) > 0
    )
"""
UPDATE_MESSAGES = "UPDATE {table} SET {column} = $2 WHERE {column} = $1"
OUTBOXES = ("ingest.outbox", "detector.outbox", "trust.outbox", "dispatch.outbox", "api.outbox")
# Where one message waits, and where several wait in one value.
QUEUES = (*OUTBOXES, "bus.messages", "bus.deliveries", "api.dead_letters")
PLACES = (*((table, "body") for table in QUEUES), *((table, "bodies") for table in OUTBOXES))


@dataclass(frozen=True, slots=True)
class CustomerRename:
    tenant_id: UUID
    former: str
    now: str


async def rename_customers(connection: Connection, renames: Sequence[CustomerRename]) -> None:
    """Rename the customers in tables and in messages that wait in PostgreSQL. Repeating it has no effect."""
    if not renames:
        return
    given = [list(column) for column in zip(*((r.tenant_id, r.former, r.now) for r in renames), strict=True)]
    for table, column, prefix, unique in COLUMNS:
        names = {"table": table, "column": column, "prefix": f"'{prefix}'", "given": GIVEN}
        unless = UNLESS_KNOWN.format(**names) if unique else ""
        await connection.execute(RENAME.format(**names, unless=unless), *given)
    for statement in (RENAME_PAYMENTS, RENAME_DELIVERIES, RENAME_ENRICHMENTS):
        await connection.execute(statement.format(given=GIVEN), *given)
    ids = {rename.former.encode(): rename.now.encode() for rename in renames}
    for table, column in PLACES:
        names = {"table": table, "column": column}
        for row in await connection.fetch(SELECT_MESSAGES.format(**names), COMPRESSED_PREFIX, list(ids)):
            body = decompress(row["body"])
            for former, now in ids.items():
                body = body.replace(former, now)
            await connection.execute(UPDATE_MESSAGES.format(**names), row["body"], body)
