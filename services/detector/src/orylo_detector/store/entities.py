"""Counts payments and frauds by entity. Each payment counts once, in any order of its events and of feedback.

A row per payment holds what has been counted of it, so a change of it is a difference to add. A batch adds the
differences of all its payments together: popular products and countries cost one row for many payments.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from orylo_common.fraud_evidence import FraudReport
from orylo_common.messages import PaymentEnriched, PaymentSucceeded
from orylo_common.postgres.pool import Connection
from orylo_detector.domain.entity_evidence import Contribution, EntityEvidence, difference, is_learned

# Every write is sorted by its key, so that two replicas do not deadlock. Rows that exist are read and changed in the
# statements after it, which few payments need.
INSERT_PAYMENTS = """
    INSERT INTO detector.entity_payments (tenant_id, payment_id, fortnight, entities, evidence)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::bytea[], $5::jsonb[])
        AS given (tenant_id, payment_id, fortnight, entities, evidence)
    ORDER BY tenant_id, payment_id
    ON CONFLICT (tenant_id, payment_id) DO NOTHING
    RETURNING tenant_id, payment_id
"""
LOCK_PAYMENTS = """
    SELECT p.tenant_id, p.payment_id, p.fortnight, p.entities, p.evidence
    FROM unnest($1::uuid[], $2::text[]) AS asked (tenant_id, payment_id)
    CROSS JOIN LATERAL (
        SELECT * FROM detector.entity_payments AS p
        WHERE p.tenant_id = asked.tenant_id AND p.payment_id = asked.payment_id LIMIT 1 FOR UPDATE
    ) AS p
"""
UPDATE_PAYMENTS = """
    UPDATE detector.entity_payments AS p
    SET fortnight = given.fortnight, entities = given.entities, evidence = given.evidence
    FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::bytea[], $5::jsonb[])
        AS given (tenant_id, payment_id, fortnight, entities, evidence)
    WHERE p.tenant_id = given.tenant_id AND p.payment_id = given.payment_id
"""
ADD_COUNTS = """
    INSERT INTO detector.entity_counts AS c (tenant_id, entity, fortnight, payments, frauds)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::integer[], $5::integer[])
        AS given (tenant_id, entity, fortnight, payments, frauds)
    ORDER BY tenant_id, entity, fortnight
    ON CONFLICT (tenant_id, entity, fortnight) DO UPDATE
    SET payments = c.payments + EXCLUDED.payments, frauds = c.frauds + EXCLUDED.frauds
"""

EntityFact = PaymentSucceeded | PaymentEnriched | FraudReport
PaymentKey = tuple[UUID, str]


async def learn_entities(connection: Connection, facts: Sequence[EntityFact]) -> list[None]:
    """Add facts to the counts, inside the caller's transaction."""
    given: dict[PaymentKey, EntityEvidence] = {}
    for fact in filter(is_learned, facts):
        key, learned = (fact.tenant_id, fact.payment_id), EntityEvidence.of(fact)
        given[key] = given[key].merged(learned) if key in given else learned
    if given:
        inserted = {
            (tenant_id, payment_id) for tenant_id, payment_id in await _write(connection, INSERT_PAYMENTS, given)
        }
        changes: dict[PaymentKey, Contribution] = {key: difference({}, given[key].contribution()) for key in inserted}
        known = {key: learned for key, learned in given.items() if key not in inserted}
        if known:
            changes |= await _change(connection, known)
        await _count(connection, changes)
    return [None] * len(facts)


async def _change(connection: Connection, given: Mapping[PaymentKey, EntityEvidence]) -> dict[PaymentKey, Contribution]:
    """Merge evidence with the rows that exist. Return the differences of what counts."""
    changed: dict[PaymentKey, EntityEvidence] = {}
    changes: dict[PaymentKey, Contribution] = {}
    for tenant_id, payment_id, *columns in await connection.fetch(LOCK_PAYMENTS, *zip(*sorted(given), strict=True)):
        key, stored = (tenant_id, payment_id), EntityEvidence.unpacked(*columns)
        merged = stored.merged(given[key])
        if merged != stored:
            changed[key] = merged
            changes[key] = difference(stored.contribution(), merged.contribution())
    if changed:
        await _write(connection, UPDATE_PAYMENTS, changed)
    return changes


async def _write(
    connection: Connection, statement: str, rows: Mapping[PaymentKey, EntityEvidence]
) -> Sequence[PaymentKey]:
    columns = [
        (*key, learned.fortnight, learned.packed_entities(), learned.evidence or None) for key, learned in rows.items()
    ]
    return [tuple(row) for row in await connection.fetch(statement, *zip(*columns, strict=True))]


async def _count(connection: Connection, changes: Mapping[PaymentKey, Contribution]) -> None:
    payments: Counter[tuple[UUID, int, int]] = Counter()
    frauds: Counter[tuple[UUID, int, int]] = Counter()
    for (tenant_id, _), contribution in changes.items():
        for (entity, fortnight), (paid, fraudulent) in contribution.items():
            payments[tenant_id, entity, fortnight] += paid
            frauds[tenant_id, entity, fortnight] += fraudulent
    rows = [(*key, payments[key], frauds[key]) for key in payments if payments[key] or frauds[key]]
    if rows:
        await connection.execute(ADD_COUNTS, *zip(*rows, strict=True))
