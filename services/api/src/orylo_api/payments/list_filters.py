"""From the filters of a list of payments to the conditions of its statement."""

from collections.abc import Sequence
from uuid import UUID

from orylo_api.customers.identifiers import PersonHashes
from orylo_api.customers.merge_queries import read_people
from orylo_api.http.pages import Where
from orylo_api.payments.link_keys import SharedValue, link_key, order_key
from orylo_api.payments.list_models import ListedVerdict, PaymentFilters
from orylo_common.customer_ids import customer_id_from
from orylo_common.postgres.pool import Connection

# Payments that one text may find by their ids.
MAX_FOUND = 1_000
# A prefix without a gateway is tried with each: a step of the recursion reads one row of the index.
SELECT_BY_TEXT = """
    WITH RECURSIVE gateways AS (
        (SELECT split_part(payment_id, ':', 1) AS name FROM api.payments_view
         ORDER BY tenant_id, payment_id COLLATE "C" LIMIT 1)
        UNION ALL
        SELECT (SELECT split_part(payment_id, ':', 1) FROM api.payments_view AS p
                WHERE p.payment_id COLLATE "C" > gateways.name || ';'
                ORDER BY p.tenant_id, p.payment_id COLLATE "C" LIMIT 1)
        FROM gateways WHERE name IS NOT NULL
    ), prefixes AS (
        SELECT name || ':' || $1 AS prefix FROM gateways WHERE name IS NOT NULL AND $1 !~ '^[a-z0-9_-]+:'
        UNION ALL SELECT $1 WHERE $1 ~ '^[a-z0-9_-]+:'
    )
    (SELECT payment_id FROM api.payments_view WHERE order_key = $2 ORDER BY created_at DESC LIMIT $3)
    UNION
    (SELECT p.payment_id FROM prefixes CROSS JOIN LATERAL (
        SELECT payment_id FROM api.payments_view
        WHERE payment_id COLLATE "C" >= prefix AND payment_id COLLATE "C" < prefix || U&'\\+10FFFF'
        ORDER BY tenant_id, payment_id COLLATE "C" LIMIT $3
    ) AS p)
"""
CURRENT_DECISION = """
    EXISTS (
        SELECT FROM (
            SELECT decision, risk_score FROM api.detections_view AS d
            WHERE d.tenant_id = rows.tenant_id AND d.payment_id = rows.payment_id
            ORDER BY version DESC, id DESC LIMIT 1
        ) AS current WHERE {conditions}
    )
"""
CONVERSION = """
    coalesce((
        SELECT status FROM api.conversions_view AS c
        WHERE c.tenant_id = rows.tenant_id AND c.payment_id = rows.payment_id
        ORDER BY array_position(ARRAY['failed', 'pending', 'suppressed', 'dispatched'], status) LIMIT 1
    ), 'none') = ANY({})
"""
VERDICT = """
    coalesce((
        SELECT nullif(verdict, 'withdrawn') FROM api.fraud_evidence AS e
        WHERE e.tenant_id = rows.tenant_id AND e.payment_id = rows.payment_id
    ), 'none') = ANY({})
"""
# Most payments have no reversals, and the function takes some microseconds.
STATE = """
    CASE WHEN reversals = '{{}}' THEN state ELSE (api.payment_outcome(state, refunded_minor, reversals)).outcome END
    = ANY({})
"""
PRODUCT = """(
    coalesce(nullif(details -> 'products', '[]'), enriched #> '{{products,1}}') ? {}
    OR coalesce(details #> '{{attributes,payment.products}}', enriched #> '{{attributes,1,payment.products}}') ? {}
)"""
LAST4 = "coalesce(details ->> 'card_last4', enriched #>> '{{card_last4,1}}') = {}"
DIGITS_OF_CARD = 4


async def conditions_of(
    connection: Connection, tenant_id: UUID, filters: PaymentFilters, person: PersonHashes
) -> Where:
    """Return the conditions. Those that no index serves filter a bounded number of rows for each page."""
    where = Where()
    if filters.from_ is not None:
        where.seek("created_at >= {}", filters.from_)
    if filters.to is not None:
        where.seek("created_at < {}", filters.to)
    await _seek_buyer(connection, tenant_id, filters, person, where)
    _filter_columns(filters, where)
    if filters.q is not None:
        await _find_text(connection, tenant_id, filters.q, where)
    # The dearest conditions last: they read another table for each row.
    _filter_outcomes(filters, where)
    return where


async def _seek_buyer(
    connection: Connection, tenant_id: UUID, filters: PaymentFilters, person: PersonHashes, where: Where
) -> None:
    if person.phone is not None:
        where.seek("phone_key = {}", link_key(tenant_id, SharedValue.PHONE, person.phone))
    if person.document is not None:
        where.seek("document_key = {}", link_key(tenant_id, SharedValue.DOCUMENT, person.document))
    named = [filters.customer_id, person.email and customer_id_from(tenant_id, "email", person.email)]
    for customer_id in filter(None, named):
        where.seek("customer_id = ANY({})", await read_people(connection, customer_id) or [customer_id])


def _filter_columns(filters: PaymentFilters, where: Where) -> None:
    if filters.gateway is not None:
        where.filter("gateway = ANY({})", filters.gateway)
    if filters.currency is not None:
        where.filter("currency = ANY({})", filters.currency)
    if filters.min_amount is not None:
        where.filter("amount_minor >= {}", filters.min_amount)
    if filters.max_amount is not None:
        where.filter("amount_minor <= {}", filters.max_amount)
    if filters.state is not None:
        where.filter(STATE, filters.state)
    if filters.product is not None:
        where.filter(PRODUCT, filters.product, filters.product)


async def _find_text(connection: Connection, tenant_id: UUID, text: str, where: Where) -> None:
    found = await find_by_text(connection, tenant_id, text)
    if len(text) == DIGITS_OF_CARD and text.isdecimal():
        where.filter(f"(payment_id = ANY({{}}) OR {LAST4})", found, text)
    else:
        where.seek("payment_id = ANY({})", found)


async def find_by_text(connection: Connection, tenant_id: UUID, text: str) -> Sequence[str]:
    """Return the payments with this order id, or whose id begins with the text."""
    rows = await connection.fetch(SELECT_BY_TEXT, text, order_key(tenant_id, text), MAX_FOUND)
    return [row["payment_id"] for row in rows]


def _filter_outcomes(filters: PaymentFilters, where: Where) -> None:
    conditions: list[str] = []
    values: list[object] = []
    if filters.verdict is not None and set(filters.verdict) != set(ListedVerdict):
        where.filter(VERDICT, filters.verdict)
    for condition, value in (
        ("decision = ANY({})", filters.decision),
        ("risk_score >= {}", filters.min_risk),
        ("risk_score <= {}", filters.max_risk),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if conditions:
        where.filter(CURRENT_DECISION.replace("{conditions}", " AND ".join(conditions)), *values)
    if filters.conversion is not None:
        where.filter(CONVERSION, filters.conversion)
