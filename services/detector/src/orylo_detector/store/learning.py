"""Writes the history that later decisions read. Each payment and each incident counts once, in any order."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from orylo_common.messages import (
    CustomerMerged,
    CustomerUnmerged,
    DisputeFact,
    DisputeLost,
    DisputeWon,
    FraudWarningReceived,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
    ProviderActionChanged,
    TrustUpdated,
)
from orylo_common.postgres.pool import Connection
from orylo_detector.domain.amounts import bucket
from orylo_detector.domain.features import subjects_of

# The part of a statement that learns payments, with `payment_columns` as $1 to $10. Every write is sorted by its key,
# so that two replicas do not deadlock. A payment whose payer a later event names is added to the payer's history then.
# The incidents exist already: ON CONFLICT behind LATERAL updates them without ever scanning the table. A customer's
# place is that of the newest payment that has one: their order does not matter.
LEARN_PAYMENTS = """
    paid AS (
        INSERT INTO detector.paid (tenant_id, payment_id, customer_id, paid_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
            AS proposed (tenant_id, payment_id, customer_id, paid_at)
        ORDER BY tenant_id, payment_id
        ON CONFLICT (tenant_id, payment_id) DO UPDATE SET customer_id = EXCLUDED.customer_id
        WHERE paid.customer_id IS NULL AND EXCLUDED.customer_id IS NOT NULL
        RETURNING tenant_id, payment_id, customer_id, paid_at, xmax = 0 AS is_new
    ), customers AS (
        INSERT INTO detector.customers AS c
            (tenant_id, customer_id, payments, first_paid_at, located_at, last_country)
        SELECT tenant_id, customer_id, count(*), min(paid_at), max(paid_at) FILTER (WHERE country IS NOT NULL),
               (array_agg(country ORDER BY paid_at DESC, country DESC) FILTER (WHERE country IS NOT NULL))[1]
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
            AS located (tenant_id, payment_id, customer_id, paid_at, country)
        WHERE customer_id IS NOT NULL AND (tenant_id, payment_id) IN (SELECT tenant_id, payment_id FROM paid)
        GROUP BY tenant_id, customer_id ORDER BY tenant_id, customer_id
        ON CONFLICT (tenant_id, customer_id) DO UPDATE
        SET payments = c.payments + EXCLUDED.payments,
            first_paid_at = least(c.first_paid_at, EXCLUDED.first_paid_at),
            located_at = greatest(c.located_at, EXCLUDED.located_at),
            last_country = CASE
                WHEN EXCLUDED.located_at IS NULL
                  OR (EXCLUDED.located_at, EXCLUDED.last_country) < (c.located_at, c.last_country) THEN c.last_country
                ELSE EXCLUDED.last_country
            END
    ), incidents AS (
        INSERT INTO detector.incidents (tenant_id, kind, source_id, payment_id, customer_id, occurred_at)
        SELECT i.tenant_id, i.kind, i.source_id, i.payment_id, paid.customer_id, i.occurred_at
        FROM paid CROSS JOIN LATERAL (
            SELECT * FROM detector.incidents AS i
            WHERE i.tenant_id = paid.tenant_id AND i.payment_id = paid.payment_id
              AND i.customer_id IS DISTINCT FROM paid.customer_id LIMIT 100
        ) AS i
        WHERE paid.customer_id IS NOT NULL
        ORDER BY i.tenant_id, i.kind, i.source_id
        ON CONFLICT (tenant_id, kind, source_id) DO UPDATE SET customer_id = EXCLUDED.customer_id
    ), amounts AS (
        INSERT INTO detector.amounts AS a (tenant_id, subject, currency, bucket, payments)
        SELECT tenant_id, subject, currency, bucket, count(*)
        FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::smallint[])
            AS amounts (tenant_id, payment_id, subject, currency, bucket)
        WHERE (tenant_id, payment_id) IN (SELECT tenant_id, payment_id FROM paid WHERE is_new)
           OR subject LIKE 'customer:%' AND (tenant_id, payment_id) IN (SELECT tenant_id, payment_id FROM paid)
        GROUP BY tenant_id, subject, currency, bucket ORDER BY tenant_id, subject, currency, bucket
        ON CONFLICT (tenant_id, subject, currency, bucket) DO UPDATE SET payments = a.payments + EXCLUDED.payments
    )
"""

# An incident belongs to the payer, not to the customer it names: a dispute's evidence may contain the address of
# another person.
LEARN_INCIDENTS = """
    INSERT INTO detector.incidents AS i
        (tenant_id, kind, source_id, payment_id, customer_id, occurred_at, amount_minor)
    SELECT incident.tenant_id, incident.kind, incident.source_id, incident.payment_id,
           coalesce(paid.customer_id, incident.customer_id), incident.occurred_at, incident.amount_minor
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[])
        AS incident (tenant_id, kind, source_id, payment_id, customer_id, occurred_at, amount_minor)
    LEFT JOIN LATERAL (
        SELECT p.customer_id FROM detector.paid AS p
        WHERE p.tenant_id = incident.tenant_id AND p.payment_id = incident.payment_id LIMIT 1
    ) AS paid ON true
    ORDER BY incident.tenant_id, incident.kind, incident.source_id
    ON CONFLICT (tenant_id, kind, source_id) DO UPDATE
    SET customer_id = coalesce(i.customer_id, EXCLUDED.customer_id),
        occurred_at = greatest(i.occurred_at, EXCLUDED.occurred_at),
        amount_minor = CASE WHEN (EXCLUDED.occurred_at, EXCLUDED.amount_minor) >= (i.occurred_at, i.amount_minor)
                            THEN EXCLUDED.amount_minor ELSE i.amount_minor END
    WHERE EXCLUDED.occurred_at > i.occurred_at OR EXCLUDED.amount_minor > i.amount_minor
       OR (i.customer_id IS NULL AND EXCLUDED.customer_id IS NOT NULL)
"""

COPY_TRUST = """
    INSERT INTO detector.customers AS c
        (tenant_id, customer_id, trust_score, trust_status, status_expires_at, trust_version)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[], $5::timestamptz[], $6::bigint[])
        AS update (tenant_id, customer_id, trust_score, trust_status, status_expires_at, trust_version)
    ORDER BY tenant_id, customer_id
    ON CONFLICT (tenant_id, customer_id) DO UPDATE
    SET trust_score = EXCLUDED.trust_score, trust_status = EXCLUDED.trust_status,
        status_expires_at = EXCLUDED.status_expires_at, trust_version = EXCLUDED.trust_version
    WHERE c.trust_version < EXCLUDED.trust_version
"""

COPY_PEOPLE = """
    INSERT INTO detector.customers AS c (tenant_id, customer_id, people, merge_version)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, customer_id) DO UPDATE
    SET people = EXCLUDED.people, merge_version = EXCLUDED.merge_version
    WHERE c.merge_version < EXCLUDED.merge_version
"""

Incident = PaymentRefunded | PaymentRefundFailed | ProviderActionChanged | DisputeFact | FraudWarningReceived


def payment_columns(payments: Sequence[tuple[PaymentSucceeded, str | None]]) -> Sequence[Sequence[object]]:
    """Return the parameters of `LEARN_PAYMENTS` for payments, each with the country of its buyer's IP address.

    A panel's test events are not learned.
    """
    located = {(each.tenant_id, each.payment_id): (each, country) for each, country in payments if not each.test}
    paid = [each for each, _ in located.values()]
    amounts = [
        (each.tenant_id, each.payment_id, subject, each.currency, bucket(each.amount_minor))
        for each in paid
        for subject in subjects_of(each).values()
    ]
    return [
        [each.tenant_id for each in paid],
        [each.payment_id for each in paid],
        [each.customer_id for each in paid],
        [each.occurred_at for each in paid],
        [country for _, country in located.values()],
        *(zip(*amounts, strict=True) if amounts else [()] * 5),
    ]


async def learn_incidents(connection: Connection, facts: Sequence[Incident]) -> list[None]:
    """Record refunds, disputes and fraud warnings, each incident once, with its newest time and amount.

    A change of an action must be a refund that the platform made.
    """
    incidents: dict[tuple[UUID, str, str], tuple[str, str | None, datetime, int]] = {}
    for fact in sorted(facts, key=lambda fact: (fact.occurred_at, _amount_of(fact))):
        for kind, source_id in _incidents_of(fact):
            key = (fact.tenant_id, kind, source_id)
            _, known, *_ = incidents.get(key, ("", None))
            # A change of an action names no customer. Its incident gets the payer's.
            named = None if isinstance(fact, ProviderActionChanged) else fact.customer_id
            incidents[key] = (fact.payment_id, known or named, fact.occurred_at, _amount_of(fact))
    if incidents:
        await connection.execute(
            LEARN_INCIDENTS, *zip(*((*key, *rest) for key, rest in incidents.items()), strict=True)
        )
    return [None] * len(facts)


async def copy_trust(connection: Connection, updates: Sequence[TrustUpdated]) -> list[None]:
    """Store each customer's newest score and status."""
    newest: dict[tuple[object, str], TrustUpdated] = {}
    for update in updates:
        known = newest.get((update.tenant_id, update.customer_id))
        if known is None or known.version < update.version:
            newest[update.tenant_id, update.customer_id] = update
    await connection.execute(
        COPY_TRUST,
        [update.tenant_id for update in newest.values()],
        [update.customer_id for update in newest.values()],
        [update.score_after for update in newest.values()],
        [update.status.value for update in newest.values()],
        [update.status_expires_at for update in newest.values()],
        [update.version for update in newest.values()],
    )
    return [None] * len(updates)


async def copy_people(connection: Connection, changes: Sequence[CustomerMerged | CustomerUnmerged]) -> list[None]:
    """Store which customers are one person, the newest for each customer. Merges are rare: one statement for each."""
    for change in sorted(changes, key=lambda change: (change.tenant_id, change.customer_id, change.version)):
        people = change.people if isinstance(change, CustomerMerged) else None
        await connection.execute(COPY_PEOPLE, change.tenant_id, change.customer_id, people, change.version)
    return [None] * len(changes)


def _incidents_of(fact: Incident) -> list[tuple[str, str]]:
    """Return the incidents that a message reports, each as its kind and source id."""
    if isinstance(fact, ProviderActionChanged):
        return [("refund_by_platform", fact.payment_id)]
    if fact.test:
        return []
    match fact:
        case PaymentRefunded():
            return [("refund", fact.payment_id)]
        case PaymentRefundFailed():
            return [("refund_failed", fact.refund_id)]
        # A decision may be the first report of a dispute.
        case DisputeWon():
            return [("dispute", fact.dispute_id), ("dispute_won", fact.dispute_id)]
        case DisputeLost():
            return [("dispute", fact.dispute_id), ("dispute_lost", fact.dispute_id)]
        case DisputeFact():
            return [("dispute", fact.dispute_id)]
        case FraudWarningReceived():
            return [("fraud_warning", fact.warning_id)]
        case _:
            return []


def _amount_of(fact: Incident) -> int:
    """Return the amount of an incident: of a refund, the total of all refunds of the payment so far."""
    return fact.refunded_minor if isinstance(fact, PaymentRefunded) else fact.amount_minor
