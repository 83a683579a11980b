"""Finds what a text names, by ids and by hashes."""

from collections.abc import Sequence
from urllib.parse import parse_qs, quote, unquote, urlsplit
from uuid import UUID

import asyncpg

from orylo_api.customers.identifiers import PersonHashes
from orylo_api.payments.enrichment import fill_in
from orylo_api.payments.link_keys import SharedValue, link_key, order_key
from orylo_api.payments.list_filters import find_by_text
from orylo_api.payments.queries import outcome_of_row
from orylo_api.search.models import MAX_HITS, ConversionHit, CustomerHit, DecisionHit, FoundBy, Hit, PaymentHit
from orylo_common.customer_ids import CustomerIdentifier, customer_id_from
from orylo_common.postgres.pool import Connection

SELECT_PAYMENTS = f"""
    (SELECT * FROM api.payments_view WHERE payment_id = ANY($1) ORDER BY created_at DESC LIMIT {MAX_HITS})
    UNION ALL (SELECT * FROM api.payments_view WHERE phone_key = $2 ORDER BY created_at DESC LIMIT {MAX_HITS})
    UNION ALL (SELECT * FROM api.payments_view WHERE document_key = $3 ORDER BY created_at DESC LIMIT {MAX_HITS})
"""  # noqa: S608
# The first of `people` represents the person.
SELECT_CUSTOMERS = """
    SELECT c.customer_id, coalesce(first.trust_score, c.trust_score) AS trust_score,
           coalesce(first.status, c.status) AS status
    FROM api.customers_view AS c LEFT JOIN api.customers_view AS first ON first.customer_id = c.people[1]
    WHERE c.customer_id = ANY($1)
"""
SELECT_DECISION = "SELECT id, payment_id, decision, risk_score FROM api.detections_view WHERE id = $1"
SELECT_CONVERSION = "SELECT id, payment_id, status, destination FROM api.conversions_view WHERE id = $1"
_LINKS = frozenset({"http", "https", "orylo"})


def named_by(text: str) -> str:
    """Return the id that a link to a page of the dashboard names; any other text as it is."""
    link = urlsplit(text)
    if link.scheme not in _LINKS and not text.startswith("/"):
        return text
    for value in parse_qs(link.query).get("detection", []):
        return value
    return unquote(link.path.rstrip("/").rpartition("/")[2]) or text


async def find_named(connection: Connection, tenant_id: UUID, text: str, person: PersonHashes) -> list[Hit]:
    """Return everything of the tenant that the text names, in a handful of lookups by index."""
    return [
        *await _find_by_uuid(connection, text),
        *await _find_customers(connection, tenant_id, text, person),
        *await _find_payments(connection, tenant_id, text, person),
    ]


async def _find_by_uuid(connection: Connection, text: str) -> list[Hit]:
    try:
        identifier = UUID(text)
    except ValueError:
        return []
    hits: list[Hit] = []
    if row := await connection.fetchrow(SELECT_DECISION, identifier):
        hits.append(DecisionHit.from_row(_with_text_id(row), **_found(row["payment_id"])))
    if row := await connection.fetchrow(SELECT_CONVERSION, identifier):
        hits.append(ConversionHit.from_row(_with_text_id(row), **_found(row["payment_id"])))
    return hits


async def _find_customers(connection: Connection, tenant_id: UUID, text: str, person: PersonHashes) -> list[Hit]:
    asked = {text: FoundBy.ID}
    kinds: Sequence[tuple[CustomerIdentifier, str | None]] = (
        ("email", person.email),
        ("phone", person.phone),
        ("document", person.document),
    )
    asked |= {customer_id_from(tenant_id, kind, value): FoundBy(kind) for kind, value in kinds if value}
    return [
        CustomerHit.from_row(
            row,
            id=row["customer_id"],
            path=f"/customers/{quote(row['customer_id'], safe='')}",
            found_by=asked[row["customer_id"]],
        )
        for row in await connection.fetch(SELECT_CUSTOMERS, list(asked))
    ]


async def _find_payments(connection: Connection, tenant_id: UUID, text: str, person: PersonHashes) -> list[Hit]:
    phone_key = link_key(tenant_id, SharedValue.PHONE, person.phone) if person.phone else None
    document_key = link_key(tenant_id, SharedValue.DOCUMENT, person.document) if person.document else None
    found = await find_by_text(connection, tenant_id, text)
    rows = await connection.fetch(SELECT_PAYMENTS, found, phone_key, document_key)
    # A payment that is found twice is shown once, by its id first.
    hits = {row["payment_id"]: row for row in reversed(rows)}
    named = {
        FoundBy.ORDER_ID: order_key(tenant_id, text),
        FoundBy.PHONE: phone_key,
        FoundBy.DOCUMENT: document_key,
    }
    return [_payment_hit(row, named, by_id=payment_id in found) for payment_id, row in reversed(hits.items())]


def _payment_hit(row: asyncpg.Record, named: dict[FoundBy, int | None], *, by_id: bool) -> PaymentHit:
    keys = {
        FoundBy.ORDER_ID: row["order_key"],
        FoundBy.PHONE: row["phone_key"],
        FoundBy.DOCUMENT: row["document_key"],
    }
    found_by = next((by for by, key in keys.items() if key is not None and key == named[by]), FoundBy.ID)
    details = fill_in(row["details"], row["enriched"])
    return PaymentHit.from_row(
        {**row, **outcome_of_row(row)._asdict()},
        id=row["payment_id"],
        path=_payment_path(row["payment_id"]),
        found_by=FoundBy.ID if by_id and found_by is not FoundBy.ORDER_ID else found_by,
        order_id=details.get("order_id"),
    )


def _found(payment_id: str) -> dict[str, str]:
    return {"path": _payment_path(payment_id), "found_by": FoundBy.ID}


def _payment_path(payment_id: str) -> str:
    return f"/payments/{quote(payment_id, safe='')}"


def _with_text_id(row: asyncpg.Record) -> dict[str, object]:
    return {**row, "id": str(row["id"])}
