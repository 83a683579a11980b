"""Pages of payments, with what a row shows of decisions, conversions and customers."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.conversions.models import Conversion
from orylo_api.conversions.queries import conversions_of_payments
from orylo_api.customers.identifiers import PersonHashes
from orylo_api.http.fields import PageQuery
from orylo_api.http.pages import Listing, fetch_page
from orylo_api.payments.enrichment import fill_in
from orylo_api.payments.list_filters import conditions_of
from orylo_api.payments.list_models import (
    SHOWN_REASONS,
    ListedBuyer,
    ListedConversion,
    ListedConversions,
    ListedDecision,
    ListedPayment,
    PaymentFilters,
)
from orylo_api.payments.queries import outcome_of_row, verdict_of_row
from orylo_common.messages import TrustStatus
from orylo_common.postgres.pool import Connection

PAYMENTS = Listing("api.payments_view", "payment_id", str)
NO_PERSON = PersonHashes()

SELECT_EMBEDDED = """
    SELECT asked.payment_id, d.*, e.verdict AS given, e.verdict_reason, e.verdict_actor, e.verdict_at
    FROM unnest($1::text[]) AS asked (payment_id)
    LEFT JOIN LATERAL (
        SELECT id AS detection_id, decision, risk_score, version AS decision_version, findings,
               created_at AS decided_at, count(*) OVER () AS decisions
        FROM api.detections_view AS d WHERE d.payment_id = asked.payment_id
        ORDER BY version DESC, id DESC LIMIT 1
    ) AS d ON true
    LEFT JOIN api.fraud_evidence AS e ON e.payment_id = asked.payment_id
"""
# The first of `people` represents the person. CASE instead of coalesce: row-level security takes coalesce for leaky,
# and then no index serves the condition.
SELECT_BUYERS = """
    SELECT c.customer_id, coalesce(first.trust_score, c.trust_score) AS trust_score,
           coalesce(first.status, c.status) AS status, x.score_after - x.score_before AS last_change
    FROM api.customers_view AS c
    LEFT JOIN api.customers_view AS first ON first.customer_id = c.people[1] AND c.people[1] <> c.customer_id
    LEFT JOIN LATERAL (
        SELECT score_before, score_after FROM api.trust_changes AS x
        WHERE x.customer_id = CASE WHEN first.customer_id IS NULL THEN c.customer_id ELSE first.customer_id END
        ORDER BY version DESC LIMIT 1
    ) AS x ON true
    WHERE c.customer_id = ANY($1)
"""
_WORST_FIRST = list(ListedConversion)


async def list_payments(
    connection: Connection,
    tenant_id: UUID,
    filters: PaymentFilters,
    page: PageQuery,
    person: PersonHashes = NO_PERSON,
) -> tuple[list[ListedPayment], str | None]:
    where = await conditions_of(connection, tenant_id, filters, person)
    rows, next_cursor = await fetch_page(connection, PAYMENTS, where, page)
    return await shown(connection, rows), next_cursor


async def shown(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[ListedPayment]:
    """Return rows of api.payments_view with what belongs to them, in three statements however many they are."""
    if not rows:
        return []
    ids = [row["payment_id"] for row in rows]
    embedded = {row["payment_id"]: row for row in await connection.fetch(SELECT_EMBEDDED, ids)}
    customers = list({row["customer_id"] for row in rows if row["customer_id"] is not None})
    buyers = {row["customer_id"]: row for row in await connection.fetch(SELECT_BUYERS, customers)}
    conversions = await conversions_of_payments(connection, ids)
    return [_listed(row, embedded[row["payment_id"]], buyers, conversions.get(row["payment_id"], ())) for row in rows]


def _listed(
    row: asyncpg.Record,
    embedded: asyncpg.Record,
    buyers: Mapping[str, asyncpg.Record],
    conversions: Sequence[Conversion],
) -> ListedPayment:
    details = fill_in(row["details"], row["enriched"])
    customer_id = row["customer_id"]
    return ListedPayment.from_row(
        {**row, **outcome_of_row(row)._asdict()},
        **{
            **details,
            "id": row["payment_id"],
            "decision": _decision(embedded),
            "decisions": embedded["decisions"] or 0,
            "buyer": None if customer_id is None else _buyer(customer_id, buyers.get(customer_id)),
            "conversion": _conversion(conversions),
            "verdict": verdict_of_row(embedded),
        },
    )


def _decision(row: asyncpg.Record) -> ListedDecision | None:
    if row["detection_id"] is None:
        return None
    findings: dict[str, Any] = row["findings"]
    points = findings.get("points", [])
    return ListedDecision(
        id=row["detection_id"],
        decision=row["decision"],
        risk_score=row["risk_score"],
        version=row["decision_version"],
        points=points[:SHOWN_REASONS],
        more_reasons=max(0, len(findings["reasons"]) - len(points[:SHOWN_REASONS])),
        override=findings.get("override"),
        created_at=row["decided_at"],
    )


def _buyer(customer_id: str, row: asyncpg.Record | None) -> ListedBuyer:
    # The customer's row may still be missing: its projection has written no event of theirs.
    if row is None:
        return ListedBuyer(customer_id=customer_id, trust_score=None, last_change=None, status=TrustStatus.NEUTRAL)
    return ListedBuyer.from_row(row)


def _conversion(conversions: Sequence[Conversion]) -> ListedConversions | None:
    if not conversions:
        return None
    worst = min(conversions, key=lambda each: _WORST_FIRST.index(ListedConversion(each.status)))
    return ListedConversions(
        status=worst.status,
        reason=worst.reason,
        code=worst.code,
        correction=next((each.correction for each in conversions if each.correction), None),
        waiting_for=worst.waiting_for,
        count=len(conversions),
    )
