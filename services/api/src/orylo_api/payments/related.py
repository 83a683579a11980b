"""Finds payments that share a card, a device, an address or a buyer with a payment."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from orylo_api.customers.merge_queries import read_people
from orylo_api.errors import Invalid
from orylo_api.http.fields import PageQuery
from orylo_api.http.pages import Where, fetch_page
from orylo_api.http.problem_details import FieldProblem
from orylo_api.payments.link_keys import SharedValue
from orylo_api.payments.list_queries import PAYMENTS, shown
from orylo_api.payments.related_models import MAX_COUNTED, Related, RelatedAmount, RelatedPayments, RelatedQuery
from orylo_common.fraud_evidence import is_fraud
from orylo_common.postgres.pool import Connection

SELECT_KEYS = """
    SELECT customer_id, card_key, device_key, ip_key, phone_key, document_key
    FROM api.payments_view WHERE payment_id = $1
"""
# One row more than is counted: then there are more.
SELECT_SHARED = f"""
    SELECT p.currency, p.amount_minor, e.signs
    FROM (
        SELECT tenant_id, payment_id, currency, amount_minor FROM api.payments_view
        WHERE {{condition}} AND payment_id <> $2 ORDER BY created_at DESC LIMIT {MAX_COUNTED + 1}
    ) AS p
    LEFT JOIN LATERAL (
        SELECT array_agg(report.value ->> 1) AS signs
        FROM api.fraud_evidence AS e CROSS JOIN LATERAL jsonb_each(e.reports) AS report
        WHERE e.tenant_id = p.tenant_id AND e.payment_id = p.payment_id
    ) AS e ON true
"""  # noqa: S608


async def find_related(connection: Connection, payment_id: str, query: RelatedQuery) -> Related | None:
    """Return what shares each link with the payment, or None for an unknown payment."""
    if query.cursor is not None and query.link is None:
        error = FieldProblem(field="query.link", message="names the link that the cursor continues")
        raise Invalid("a cursor needs its link", [error])
    row = await connection.fetchrow(SELECT_KEYS, payment_id)
    if row is None:
        return None
    values: dict[SharedValue, Any] = {
        link: row[f"{link}_key"] for link in SharedValue if link is not SharedValue.CUSTOMER
    }
    if row["customer_id"] is not None:
        values[SharedValue.CUSTOMER] = await read_people(connection, row["customer_id"]) or [row["customer_id"]]
    wanted = list(SharedValue) if query.link is None else [query.link]
    known = {link: values[link] for link in wanted if values.get(link) is not None}
    return Related(groups=await _groups(connection, payment_id, known, query))


async def _groups(
    connection: Connection, payment_id: str, known: Mapping[SharedValue, Any], page: PageQuery
) -> list[RelatedPayments]:
    groups = []
    for link, value in known.items():
        condition = "customer_id = ANY({})" if link is SharedValue.CUSTOMER else f"{link}_key = {{}}"
        where = Where()
        where.seek(condition, value)
        where.seek("payment_id <> {}", payment_id)
        rows, next_cursor = await fetch_page(connection, PAYMENTS, where, page)
        statement = SELECT_SHARED.format(condition=condition.format("$1"))
        counted = await connection.fetch(statement, value, payment_id)
        groups.append((link, rows, next_cursor, counted))
    # Payments of several links are read once.
    every = {row["payment_id"]: row for _, rows, _, _ in groups for row in rows}
    items = {each.id: each for each in await shown(connection, list(every.values()))}
    return [
        RelatedPayments(
            link=link,
            payments=min(len(counted), MAX_COUNTED),
            complete=len(counted) <= MAX_COUNTED,
            fraud=sum(is_fraud(row["signs"] or ()) for row in counted[:MAX_COUNTED]),
            amounts=_amounts(counted[:MAX_COUNTED]),
            items=[items[row["payment_id"]] for row in rows],
            next_cursor=next_cursor,
        )
        for link, rows, next_cursor, counted in groups
    ]


def _amounts(rows: list[Any]) -> list[RelatedAmount]:
    payments, sums = Counter[str](), Counter[str]()
    for row in rows:
        payments[row["currency"]] += 1
        sums[row["currency"]] += row["amount_minor"]
    return [
        RelatedAmount(currency=currency, payments=count, amount_minor=sums[currency])
        for currency, count in sorted(payments.items(), key=lambda each: (-each[1], each[0]))
    ]
