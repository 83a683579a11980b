"""Every question that the endpoints ask of the read models. Row-level security adds the tenant to each."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.conversions.models import (
    Conversion,
    ConversionMatch,
    ConversionQuery,
    ConversionStatus,
)
from orylo_api.customers.models import (
    CustomerQuery,
    CustomerSummary,
    DetectionEntry,
    HistoryEntry,
    PaymentEntry,
    TrustEntry,
)
from orylo_api.detections.models import Detection, DetectionQuery
from orylo_api.http.fields import RangeQuery
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.payments.models import Payment
from orylo_api.payments.projection import filled
from orylo_api.rejections.models import Rejection, RejectionQuery
from orylo_common.messages import Decision, TrustStatus
from orylo_common.postgres.pool import Connection

DETECTIONS = Listing("api.detections_view", "id", UUID)
CONVERSIONS = Listing("api.conversions_view", "id", UUID)
CUSTOMERS = Listing("api.customers_view", "customer_id", str)
REJECTIONS = Listing("api.rejections_view", "id", UUID)

SELECT_DETECTION = "SELECT * FROM api.detections_view WHERE id = $1"
SELECT_CONVERSION = "SELECT * FROM api.conversions_view WHERE id = $1"
SELECT_PAYMENT = "SELECT * FROM api.payments_view WHERE payment_id = $1"
SELECT_CUSTOMER = "SELECT * FROM api.customers_view WHERE customer_id = $1"
CUSTOMER_PAYMENTS = """
    SELECT * FROM api.payments_view WHERE customer_id = $1 ORDER BY created_at DESC, payment_id DESC LIMIT $2
"""
CUSTOMER_DETECTIONS = """
    SELECT * FROM api.detections_view WHERE customer_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2
"""
CUSTOMER_TRUST = "SELECT * FROM api.trust_changes WHERE customer_id = $1 ORDER BY version DESC LIMIT $2"

# Of each kind.
HISTORY_LENGTH = 50


async def list_detections(connection: Connection, query: DetectionQuery) -> tuple[list[Detection], str | None]:
    where = Where()
    if query.decision is Decision.ALLOW:
        where.sift("decision = 'allow'")
    elif query.decision is not None:
        # As a literal: the index of what was not allowed serves only what is plainly something else.
        where.seek(f"decision = '{query.decision}'")
    if query.customer_id is not None:
        where.seek("customer_id = {}", query.customer_id)
    if query.payment_id is not None:
        where.seek("payment_id = {}", query.payment_id)
    if query.gateway is not None:
        where.sift("gateway = {}", query.gateway)
    if query.min_risk is not None:
        where.sift("risk_score >= {}", query.min_risk)
    _seek_range(where, query)
    rows, next_cursor = await fetch_page(connection, DETECTIONS, where, query)
    return [_detection(row) for row in rows], next_cursor


async def find_detection(connection: Connection, detection_id: UUID) -> Detection | None:
    row = await connection.fetchrow(SELECT_DETECTION, detection_id)
    return None if row is None else _detection(row)


async def list_conversions(connection: Connection, query: ConversionQuery) -> tuple[list[Conversion], str | None]:
    where = Where()
    if query.status is ConversionStatus.DISPATCHED:
        where.sift("status = 'dispatched'")
    elif query.status is not None:
        where.seek(f"status = '{query.status}'")
    if query.payment_id is not None:
        where.seek("payment_id = {}", query.payment_id)
    if query.destination is not None:
        where.sift("destination = {}", query.destination)
    _seek_range(where, query)
    rows, next_cursor = await fetch_page(connection, CONVERSIONS, where, query)
    return [_conversion(row) for row in rows], next_cursor


async def find_conversion(connection: Connection, conversion_id: UUID) -> Conversion | None:
    row = await connection.fetchrow(SELECT_CONVERSION, conversion_id)
    return None if row is None else _conversion(row)


async def find_payment(connection: Connection, payment_id: str) -> Payment | None:
    row = await connection.fetchrow(SELECT_PAYMENT, payment_id)
    if row is None:
        return None
    return Payment(**filled(row["details"], row["enriched"]) | _pick(row, Payment) | {"id": row["payment_id"]})


async def list_customers(connection: Connection, query: CustomerQuery) -> tuple[list[CustomerSummary], str | None]:
    where = Where()
    if query.status is TrustStatus.NEUTRAL:
        where.sift("status = 'neutral'")
    elif query.status is not None:
        where.seek(f"status = '{query.status}'")
    if query.ids is not None:
        where.seek("customer_id = ANY({})", query.ids.split(","))
    if query.max_trust is not None:
        where.sift("trust_score <= {}", query.max_trust)
    rows, next_cursor = await fetch_page(connection, CUSTOMERS, where, query)
    return [_customer(row) for row in rows], next_cursor


async def find_customer(connection: Connection, customer_id: str) -> CustomerSummary | None:
    row = await connection.fetchrow(SELECT_CUSTOMER, customer_id)
    return None if row is None else _customer(row)


async def read_history(connection: Connection, customer_id: str) -> list[HistoryEntry]:
    """The customer's latest payments, detections and trust changes, newest first."""
    entries: list[HistoryEntry] = [
        PaymentEntry(at=row["updated_at"], **_pick(row, PaymentEntry))
        for row in await connection.fetch(CUSTOMER_PAYMENTS, customer_id, HISTORY_LENGTH)
    ]
    entries += [
        DetectionEntry(
            at=row["created_at"],
            detection_id=row["id"],
            reasons=row["findings"]["reasons"],
            **_pick(row, DetectionEntry),
        )
        for row in await connection.fetch(CUSTOMER_DETECTIONS, customer_id, HISTORY_LENGTH)
    ]
    entries += [
        TrustEntry(at=row["occurred_at"], **_pick(row, TrustEntry))
        for row in await connection.fetch(CUSTOMER_TRUST, customer_id, HISTORY_LENGTH)
    ]
    return sorted(entries, key=_at, reverse=True)


async def list_rejections(connection: Connection, query: RejectionQuery) -> tuple[list[Rejection], str | None]:
    where = Where()
    if query.gateway is not None:
        where.sift("gateway = {}", query.gateway)
    if query.code is not None:
        where.sift("code = {}", query.code)
    _seek_range(where, query)
    rows, next_cursor = await fetch_page(connection, REJECTIONS, where, query)
    return [Rejection(**_pick(row, Rejection)) for row in rows], next_cursor


def _at(entry: HistoryEntry) -> datetime:
    return entry.at


def _seek_range(where: Where, query: RangeQuery) -> None:
    if query.from_ is not None:
        where.seek("created_at >= {}", query.from_)
    if query.to is not None:
        where.seek("created_at < {}", query.to)


def _pick(row: asyncpg.Record, model: type[Any]) -> dict[str, Any]:
    """The columns that the model has fields for."""
    return {name: value for name, value in row.items() if name in model.model_fields}


def _detection(row: asyncpg.Record) -> Detection:
    return Detection(**row["findings"], **_pick(row, Detection))


def _conversion(row: asyncpg.Record) -> Conversion:
    match = ConversionMatch(
        method=row["match_method"], confidence=row["match_confidence"], click_id=row["match_click_id"]
    )
    return Conversion(match=match, **_pick(row, Conversion))


def _customer(row: asyncpg.Record) -> CustomerSummary:
    return CustomerSummary(
        id=row["customer_id"],
        trust_score=row["trust_score"],
        status=row["status"],
        created_at=row["created_at"],
        updated_at=row["updated_at"] or row["created_at"],
    )
