"""Find the missing events of a page of Stripe's list, and keep a row for each."""

from collections.abc import Collection, Sequence, Set
from uuid import UUID

from orylo_common.messages import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    Message,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
    type_of,
)
from orylo_common.postgres.pool import Connection
from orylo_ingest.reconciliation.job import ReconciliationJob
from orylo_ingest.webhooks.event_ids import event_id_of
from orylo_ingest.webhooks.record import Record

# Of types that the endpoint does not send, only events that report money are fetched, if no other event reported it.
_MONEY: tuple[type[Message], ...] = (
    PaymentSucceeded,
    PaymentRefunded,
    PaymentRefundFailed,
    DisputeOpened,
    DisputeWon,
    DisputeLost,
    FraudWarningReceived,
)
MONEY = frozenset(map(type_of, _MONEY))

SELECT_REGISTERED = """
    SELECT event_id FROM ingest.dedupe_registry WHERE tenant_id = $1 AND event_id = ANY($2::uuid[])
"""
SELECT_OWN_MISSING = """
    SELECT event_id FROM ingest.missing_events AS own
    WHERE tenant_id = $1 AND reconciliation_id = $2 AND event_id = ANY($3::uuid[])
      AND NOT EXISTS (
          SELECT FROM ingest.missing_events AS other
          WHERE other.tenant_id = own.tenant_id AND other.event_id = own.event_id
            AND other.reconciliation_id <> own.reconciliation_id AND other.fetched_at IS NOT NULL
      )
"""
SELECT_KNOWN_FACTS = "SELECT fact FROM ingest.facts WHERE tenant_id = $1 AND fact = ANY($2::text[])"
# Types that arrived as webhooks, not those that were fetched.
SELECT_RECEIVED_TYPES = """
    SELECT DISTINCT gateway_event_type FROM ingest.events AS e
    WHERE tenant_id = $1 AND gateway = $2 AND status <> 'conflict' AND created_at > now() - interval '90 days'
      AND NOT EXISTS (
          SELECT FROM ingest.missing_events AS m
          WHERE m.tenant_id = e.tenant_id AND m.event_id = e.event_id AND m.fetched_at IS NOT NULL
      )
"""
INSERT_MISSING = """
    INSERT INTO ingest.missing_events
        (tenant_id, reconciliation_id, event_id, gateway_event_id, gateway_event_type)
    SELECT $1, $2, * FROM unnest($3::uuid[], $4::text[], $5::text[])
    ON CONFLICT DO NOTHING
"""
SET_FETCHED = """
    UPDATE ingest.missing_events SET fetched_at = coalesce(fetched_at, now())
    WHERE tenant_id = $1 AND reconciliation_id = $2 AND event_id = ANY($3::uuid[])
"""
DELETE_ARRIVED = """
    DELETE FROM ingest.missing_events
    WHERE tenant_id = $1 AND reconciliation_id = $2 AND event_id = ANY($3::uuid[])
"""


def stored_ids(gateway: str, gateway_event_id: str) -> tuple[UUID, UUID]:
    """Return the ids that an event may be stored under: its own, and the one of a mode that was not accepted."""
    event_id = event_id_of(gateway, gateway_event_id)
    return event_id, event_id_of("not_accepted", str(event_id))


async def find_registered(
    connection: Connection, job: ReconciliationJob, gateway_event_ids: Collection[str]
) -> dict[str, UUID]:
    """Return the stored events, with their own id."""
    ids = {each: stored_ids(job.gateway, each) for each in gateway_event_ids}
    asked = [event_id for pair in ids.values() for event_id in pair]
    known = {row["event_id"] for row in await connection.fetch(SELECT_REGISTERED, job.tenant_id, asked)}
    return {name: pair[0] for name, pair in ids.items() if known.intersection(pair)}


async def find_own_missing(connection: Connection, job: ReconciliationJob, event_ids: Collection[UUID]) -> set[UUID]:
    """Return the events that an interrupted run of this reconciliation was fetching."""
    rows = await connection.fetch(SELECT_OWN_MISSING, job.tenant_id, job.id, list(event_ids))
    return {row["event_id"] for row in rows}


async def received_types(connection: Connection, job: ReconciliationJob) -> frozenset[str] | None:
    """Return the types that the endpoint sends; None if no event was ever received: the types are unknown."""
    rows = await connection.fetch(SELECT_RECEIVED_TYPES, job.tenant_id, job.gateway)
    return frozenset(row["gateway_event_type"] for row in rows) or None


async def select_wanted(connection: Connection, records: Sequence[Record], types: Set[str] | None) -> list[Record]:
    """Return the records to store: of the endpoint's types, or about money that no other event reported."""
    if types is None:
        return list(records)
    others = [each for each in records if each.gateway_event_type not in types and each.message_type in MONEY]
    facts = [fact for each in others for fact in each.facts]
    known: set[str] = set()
    if others:
        rows = await connection.fetch(SELECT_KNOWN_FACTS, others[0].tenant_id, facts)
        known = {row["fact"] for row in rows}
    unreported = {each.event_id for each in others if known.isdisjoint(each.facts)}
    return [each for each in records if each.gateway_event_type in types or each.event_id in unreported]


async def insert_missing(connection: Connection, job: ReconciliationJob, records: Sequence[Record]) -> None:
    if records:
        rows = [(each.event_id, each.gateway_event_id or "", each.gateway_event_type) for each in records]
        await connection.execute(INSERT_MISSING, job.tenant_id, job.id, *zip(*rows, strict=True))


async def settle_missing(
    connection: Connection, job: ReconciliationJob, *, fetched: Collection[UUID], arrived: Collection[UUID]
) -> None:
    """Mark the fetched events, and delete the rows of those that a webhook or another reconciliation stored first."""
    await connection.execute(SET_FETCHED, job.tenant_id, job.id, list(fetched))
    if arrived:
        await connection.execute(DELETE_ARRIVED, job.tenant_id, job.id, list(arrived))
