"""The values of earlier payments that a rule may read, from the read models."""

from datetime import datetime, timedelta

import asyncpg

from orylo_api.payments.enrichment import fill_in
from orylo_common.money import minor_digits
from orylo_rules import FIELDS, FieldValue

# What the customer had done and what was known about them when the payment was made.
SELECT_TRIED = """
    WITH tried AS MATERIALIZED (
        SELECT DISTINCT ON (payment_id) payment_id, payment_type, decision, occurred_at, created_at
        FROM (SELECT * FROM api.detections_view WHERE {condition} ORDER BY created_at DESC, id DESC LIMIT {limit}) AS d
        ORDER BY payment_id, created_at DESC
    )
    SELECT t.payment_type, t.decision, t.occurred_at, t.created_at AS decided_at, p.*,
           paid.payments, paid.first_paid_at, trust.refunds, trust.disputes, trust.disputes_won, trust.fraud_warnings,
           coalesce(trust.score, CASE WHEN c.version = 0 THEN c.trust_score END) AS trust_score
    FROM tried AS t
    JOIN api.payments_view AS p USING (payment_id)
    LEFT JOIN api.customers_view AS c ON c.customer_id = p.customer_id
    LEFT JOIN LATERAL (
        SELECT count(*) AS payments, min(created_at) AS first_paid_at FROM api.payments_view AS e
        WHERE e.customer_id = p.customer_id AND e.created_at < p.created_at AND e.payment_id <> p.payment_id
          AND e.state NOT IN ('created', 'failed', 'canceled')
    ) AS paid ON p.customer_id IS NOT NULL
    LEFT JOIN LATERAL (
        -- Earlier changes name no payment. A payment can have several, because parts of it are refunded.
        SELECT count(DISTINCT coalesce(x.payment_id, x.version::text)) FILTER (WHERE cause = 'refund' AND NOT EXISTS (
                   SELECT FROM api.actions_view AS own
                   WHERE own.payment_id = x.payment_id AND own.action = 'refund' AND own.status = 'done'
               )) AS refunds,
               count(*) FILTER (WHERE cause = 'dispute_opened') AS disputes,
               count(*) FILTER (WHERE cause = 'dispute_won') AS disputes_won,
               count(*) FILTER (WHERE cause = 'fraud_warning') AS fraud_warnings,
               (array_agg(score_after ORDER BY version DESC))[1] AS score
        FROM api.trust_changes AS x WHERE x.customer_id = p.customer_id AND x.occurred_at < p.created_at
    ) AS trust ON p.customer_id IS NOT NULL
    ORDER BY t.created_at DESC
"""
MOST_TRIED = 1000
SELECT_RECENT = SELECT_TRIED.format(condition="true", limit=MOST_TRIED)
SELECT_ONE = SELECT_TRIED.format(condition="payment_id = $1", limit=100)

COUNTED = ("payments", "refunds", "disputes", "disputes_won", "fraud_warnings", "first_paid_at", "trust_score")
STATUSES = {"payment.created.v1": "created", "payment.failed.v1": "failed"}

# Addresses and fingerprints are personal data that the read models do not hold; attempts are counted in Redis.
NOT_KEPT = frozenset(
    {
        *(name for name in FIELDS if name.startswith("velocity.")),
        *("card.fingerprint", "ip.address", "ip.country", "payment.user_agent", "customer.email_domain_hash"),
        "customer.status",
    }
)


def values_of_row(row: asyncpg.Record) -> dict[str, FieldValue | None]:
    """Return the values of a row of `SELECT_TRIED`, by the names of `FIELDS`. Unknown ones are None or absent."""
    details = fill_in(row["details"], row["enriched"])
    values: dict[str, FieldValue | None] = {
        "payment.amount": row["amount_minor"] / 10 ** minor_digits(row["currency"]),
        "payment.amount_minor": row["amount_minor"],
        "payment.currency": row["currency"],
        "payment.gateway": row["gateway"],
        "payment.status": STATUSES.get(row["payment_type"], "succeeded"),
        "payment.occurred_at": row["occurred_at"],
        "payment.live": details["livemode"],
        "payment.test": details["test"],
        "payment.method": details["payment_method"],
        "payment.order_bump": False,
        "payment.products": (),
        "card.brand": details["card_brand"],
        "card.last4": details["card_last4"],
        "card.country": details["card_country"],
        "customer.id": row["customer_id"],
        **(details.get("attributes") or {}),
    }
    if row["customer_id"] is not None:
        values |= {f"customer.{name}": row[name] for name in COUNTED}
        values["customer.age_days"] = _days_between(row["first_paid_at"], row["occurred_at"])
    return values


def _days_between(first: datetime | None, at: datetime) -> float | None:
    return None if first is None else (at - first) / timedelta(days=1)
