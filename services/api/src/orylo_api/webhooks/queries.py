"""Webhooks from their two sources: ingest stores the authentic ones, the read model has the refused ones."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.errors import NotFound
from orylo_api.http.pages import Listing, Where, decode_cursor, encode_cursor, fetch_page, moment
from orylo_api.payments.models import PaymentState
from orylo_api.payments.reversals import outcome_of
from orylo_api.webhooks.ingest_client import IngestClient
from orylo_api.webhooks.merging import SourcePage, merge_pages
from orylo_api.webhooks.models import (
    ConflictingDelivery,
    ListedState,
    ReceivedWebhook,
    ReceivedWebhookDetails,
    ReceivedWebhookPage,
    WebhookPayment,
    WebhookQuery,
    WebhookState,
)
from orylo_common.postgres.pool import Connection

REJECTIONS = Listing("api.rejections_view", "id", UUID)
SELECT_REJECTION = "SELECT * FROM api.rejections_view WHERE id = $1"
SELECT_PAYMENT = """
    SELECT payment_id AS id, state, updated_at, refunded_minor, reversals, amount_minor, currency,
           coalesce((details ->> 'test')::boolean, false) AS test, created_at
    FROM api.payments_view WHERE payment_id = $1
"""
CONFLICTS_WITH = "event "

# As ingest names them.
_STATUSES = {ListedState.ACCEPTED: "published", ListedState.DUPLICATE: "repeated"}
_STATES = {"published": WebhookState.ACCEPTED}
_STATUS_OF_CONFLICTS = 200
_STATUS_OF_OTHERS = 202


async def list_webhooks(
    connection: Connection, ingest: IngestClient, tenant_id: UUID, query: WebhookQuery
) -> ReceivedWebhookPage:
    after = decode_cursor(query.cursor, moment, UUID) if query.cursor else None
    sources = []
    if query.state is not ListedState.REFUSED:
        sources.append(await _stored(ingest, tenant_id, query, after))
    if query.state in (None, ListedState.REFUSED) and query.type is None and query.payment is None:
        sources.append(await _refused(connection, query))
    items, reached = merge_pages(sources, query.limit)
    return ReceivedWebhookPage(items=items, next_cursor=encode_cursor(*reached) if reached else None)


async def find_webhook(
    connection: Connection, ingest: IngestClient, tenant_id: UUID, webhook_id: UUID
) -> ReceivedWebhookDetails:
    """Raises `NotFound`."""
    refused = await connection.fetchrow(SELECT_REJECTION, webhook_id)
    if refused is not None:
        return _details(_refused_webhook(refused), {})
    found = await ingest.find_webhook(tenant_id, webhook_id)
    return _details(_stored_webhook(found), found, await _payment(connection, found["payment_id"]))


async def webhooks_of_payment(
    ingest: IngestClient, tenant_id: UUID, payment_id: str, limit: int
) -> list[ReceivedWebhook]:
    """Return the newest authentic webhooks that report on the payment, oldest first."""
    page = await ingest.list_webhooks(tenant_id, {"payment_id": payment_id, "limit": str(limit)})
    return [_stored_webhook(item) for item in reversed(page["items"])]


def _details(
    webhook: ReceivedWebhook, found: dict[str, Any], payment: WebhookPayment | None = None
) -> ReceivedWebhookDetails:
    conflicts = [
        ConflictingDelivery(id=each["event_id"], received_at=each["created_at"]) for each in found.get("conflicts", ())
    ]
    return ReceivedWebhookDetails(
        **dict(webhook),
        payload_bytes=found.get("payload_bytes", 0),
        repeated_first_at=found.get("repeated_first_at"),
        conflicts=conflicts,
        conflicts_with=_conflicting(webhook),
        payment=payment,
    )


def _conflicting(webhook: ReceivedWebhook) -> UUID | None:
    """Return the id in the reason of a conflict."""
    if webhook.state is not WebhookState.CONFLICT or webhook.reason is None:
        return None
    return UUID(webhook.reason.removeprefix(CONFLICTS_WITH)[:36])


async def _stored(
    ingest: IngestClient, tenant_id: UUID, query: WebhookQuery, after: tuple[datetime, UUID] | None
) -> SourcePage:
    values = {
        "gateway": query.gateway,
        "type": query.type,
        "status": _STATUSES.get(query.state, query.state) if query.state else None,
        "payment_id": query.payment,
        "since": query.from_ and query.from_.isoformat(),
        "until": query.to and query.to.isoformat(),
        "after": after and f"{after[0].isoformat()},{after[1]}",
        "limit": str(query.limit),
    }
    page = await ingest.list_webhooks(tenant_id, {name: str(value) for name, value in values.items() if value})
    reached = page["reached"]
    return SourcePage(
        [_stored_webhook(item) for item in page["items"]],
        (datetime.fromisoformat(reached[0]), UUID(reached[1])) if reached else None,
    )


async def _refused(connection: Connection, query: WebhookQuery) -> SourcePage:
    where = Where()
    if query.gateway is not None:
        where.filter("gateway = {}", query.gateway)
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, REJECTIONS, where, query)
    reached = decode_cursor(next_cursor, moment, UUID) if next_cursor else None
    return SourcePage([_refused_webhook(row) for row in rows], reached)


def _stored_webhook(found: dict[str, Any]) -> ReceivedWebhook:
    state = _STATES.get(found["status"]) or WebhookState(found["status"])
    return ReceivedWebhook(
        id=found["event_id"],
        state=state,
        gateway=found["gateway"],
        type=found["gateway_event_type"],
        gateway_event_id=found["gateway_event_id"],
        payment_id=found["payment_id"],
        message_type=found["message_type"],
        status=_STATUS_OF_CONFLICTS if state is WebhookState.CONFLICT else _STATUS_OF_OTHERS,
        code=None,
        reason=found["reason"],
        deliveries=1 + (found["repeats"] or 0),
        remote=None,
        occurred_at=found["occurred_at"],
        created_at=found["created_at"],
        last_received_at=found["repeated_last_at"] or found["created_at"],
    )


def _refused_webhook(row: asyncpg.Record) -> ReceivedWebhook:
    return ReceivedWebhook(
        id=row["id"],
        state=WebhookState.REFUSED,
        gateway=row["gateway"],
        type=None,
        gateway_event_id=None,
        payment_id=None,
        message_type=None,
        status=row["status"],
        code=row["code"],
        reason=row["reason"],
        deliveries=row["count"],
        remote=row["remote"],
        occurred_at=None,
        created_at=row["created_at"],
        last_received_at=row["last_at"],
    )


async def _payment(connection: Connection, payment_id: str | None) -> WebhookPayment | None:
    row = await connection.fetchrow(SELECT_PAYMENT, payment_id) if payment_id else None
    if row is None:
        return None
    outcome = outcome_of(PaymentState(row["state"]), row["updated_at"], row["refunded_minor"], row["reversals"])
    return WebhookPayment.from_row({**row, "state": outcome.state})


async def check_not_refused(connection: Connection, webhook_id: UUID) -> None:
    """Raise `NotFound` for refused webhooks: their bodies are not stored."""
    if await connection.fetchrow(SELECT_REJECTION, webhook_id) is not None:
        raise NotFound("the body of a refused webhook is not stored")
