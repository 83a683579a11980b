"""Find stored webhooks: pages of them, newest first, and one with its deliveries. Reads one tenant's rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.postgres.pool import Connection
from orylo_ingest.privacy.scrub import OWN_KEY
from orylo_ingest.webhooks.record import conflict_reason

MAX_PAGE = 200
# Rows that one page may filter. A page with too few matches is short, and says where the next one begins.
FILTER_LIMIT = 5_000
# A payment has far fewer events, unless the id is that of a whole subscription.
MAX_OF_PAYMENT = 1_000
MAX_CONFLICTS = 50

_COLUMNS = """event_id, gateway, gateway_event_id, gateway_event_type, status, message_type, reason, payment_id,
    occurred_at, created_at"""
_WITH_REPEATS = """
    SELECT page.*, r.count AS repeats, r.first_at AS repeated_first_at, r.last_at AS repeated_last_at
    FROM ({page}) AS page LEFT JOIN ingest.repeats r ON r.tenant_id = $1 AND r.event_id = page.event_id
    ORDER BY page.created_at DESC, page.event_id DESC
"""

SELECT_ONE = f"""
    SELECT {_COLUMNS}, octet_length(payload::text) AS payload_bytes
    FROM ingest.dedupe_registry d JOIN ingest.events e USING (tenant_id, event_id, created_at)
    WHERE d.tenant_id = $1 AND d.event_id = $2
"""  # noqa: S608
SELECT_PAYLOAD = """
    SELECT e.payload FROM ingest.dedupe_registry d JOIN ingest.events e USING (tenant_id, event_id, created_at)
    WHERE d.tenant_id = $1 AND d.event_id = $2
"""
SELECT_CONFLICTS = f"""
    SELECT event_id, created_at FROM ingest.events
    WHERE tenant_id = $1 AND status = 'conflict' AND reason = $2
    ORDER BY created_at DESC LIMIT {MAX_CONFLICTS}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a webhook in a list that is ordered by both, descending."""

    created_at: datetime
    event_id: UUID


@dataclass(frozen=True, slots=True)
class WebhookFilter:
    """The conditions of a page. None: any. `after` is the place of the last webhook of the page before.

    `status` is one of the column, or `repeated` for events that were delivered more than once.
    """

    gateway: str | None = None
    event_type: str | None = None
    status: str | None = None
    payment_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: Place | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """Webhooks, newest first. `reached` is the place that the search has reached; None at the end of the list."""

    items: list[asyncpg.Record]
    reached: Place | None


async def list_webhooks(connection: Connection, tenant_id: UUID, which: WebhookFilter) -> WebhookPage:
    statement, values, filters = _statement(tenant_id, which)
    rows = await connection.fetch(statement, *values)
    if len(rows) > which.limit:
        rows = rows[: which.limit]
        return WebhookPage(rows, Place(rows[-1]["created_at"], rows[-1]["event_id"]))
    if not filters:
        return WebhookPage(rows, None)
    source, sought = _source(tenant_id, which)
    last = await connection.fetchrow(
        f"SELECT created_at, event_id FROM ({source} OFFSET {FILTER_LIMIT - 1} LIMIT 1) AS last",  # noqa: S608
        *sought,
    )
    return WebhookPage(rows, Place(*last) if last else None)


async def find_webhook(connection: Connection, tenant_id: UUID, event_id: UUID) -> dict[str, Any] | None:
    """Return a webhook with its later deliveries, and with the conflicts of its event."""
    statement = _WITH_REPEATS.format(page=SELECT_ONE)
    row = await connection.fetchrow(statement, tenant_id, event_id)
    if row is None:
        return None
    conflicts = await connection.fetch(SELECT_CONFLICTS, tenant_id, conflict_reason(event_id))
    return {**row, "conflicts": [dict(conflict) for conflict in conflicts]}


async def find_payload(connection: Connection, tenant_id: UUID, event_id: UUID) -> Any:
    """Return the scrubbed copy of a webhook as the gateway sent it. Raises `LookupError` for an unknown one."""
    row = await connection.fetchrow(SELECT_PAYLOAD, tenant_id, event_id)
    if row is None:
        raise LookupError(event_id)
    payload = row["payload"]
    return {key: value for key, value in payload.items() if key != OWN_KEY} if isinstance(payload, dict) else payload


def _statement(tenant_id: UUID, which: WebhookFilter) -> tuple[str, list[Any], list[str]]:
    """Return the statement of a page, its values, and the conditions that no index serves."""
    source, values = _source(tenant_id, which)
    filters: list[str] = []
    for column, value in (("gateway", which.gateway), ("gateway_event_type", which.event_type)):
        if value is not None:
            values.append(value)
            filters.append(f"{column} = ${len(values)}")
    if which.status == "repeated":
        filters.append("EXISTS (SELECT FROM ingest.repeats s WHERE s.tenant_id = $1 AND s.event_id = sought.event_id)")
    elif which.status is not None:
        values.append(which.status)
        filters.append(f"status = ${len(values)}")
    if filters:
        source = f"SELECT * FROM ({source} LIMIT {FILTER_LIMIT}) AS sought WHERE {' AND '.join(filters)}"  # noqa: S608
    page = (
        f"{source} ORDER BY created_at DESC, event_id DESC LIMIT {which.limit + 1}"
        if filters
        else (f"{source} LIMIT {which.limit + 1}")
    )
    return _WITH_REPEATS.format(page=page), values, filters


def _source(tenant_id: UUID, which: WebhookFilter) -> tuple[str, list[Any]]:
    """Return the SELECT of the webhooks that an index finds, in order."""
    values: list[Any] = [tenant_id]
    conditions = ["tenant_id = $1"]
    for condition, value in (
        ("created_at >= {}", which.since),
        ("created_at < {}", which.until),
        ("(created_at, event_id) < ({}, {})", which.after),
    ):
        if value is not None:
            given = [value.created_at, value.event_id] if isinstance(value, Place) else [value]
            numbers = [f"${len(values) + number}" for number in range(1, len(given) + 1)]
            conditions.append(condition.format(*numbers))
            values += given
    table = "ingest.events"
    if which.payment_id is not None:
        values.append(which.payment_id)
        # A separate query: PostgreSQL must search the index of payments, not the newest events.
        table = f"""(
            SELECT * FROM ingest.events WHERE tenant_id = $1 AND payment_id = ${len(values)}
            OFFSET 0 LIMIT {MAX_OF_PAYMENT}
        ) AS of_payment"""  # noqa: S608
    order = "ORDER BY created_at DESC, event_id DESC"
    return f"SELECT {_COLUMNS} FROM {table} WHERE {' AND '.join(conditions)} {order}", values  # noqa: S608
