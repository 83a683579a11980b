"""Tenants with their figures of trouble. The transaction sees every tenant."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_api.errors import NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.platform.tenant_models import (
    MAX_COUNTED,
    PlatformTenant,
    SendingState,
    TenantFigures,
    TenantPage,
    TenantQuery,
)
from orylo_common.control.models import TenantState
from orylo_common.control.switches import PLATFORM
from orylo_common.postgres.pool import Connection

TENANTS = Listing("control.tenants", "id", UUID, order_by="slug", order_type=str, ascending=True)
SELECT_TENANT = "SELECT * FROM control.tenants WHERE id = $1"
# Each part reads a bounded number of rows of each tenant by an index.
SELECT_FIGURES = """
    SELECT t.id, newest.bucket AS last_webhook_at, week.webhooks, dead.count AS dead_letters, d.count AS destinations,
           d.on_hold, d.unavailable, u.count AS users,
           EXISTS (
               SELECT FROM control.switches AS s
               WHERE s.tenant_id IN (t.id, $3) AND s.name = 'stop_sending' AND s.target = ''
                 AND (s.until IS NULL OR s.until > $2)
           ) AS switched_off
    FROM control.tenants AS t
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(r.webhooks), 0)::bigint AS webhooks FROM api.rollups AS r
        WHERE r.tenant_id = t.id AND r.grain = 'hour' AND r.bucket > $2::timestamptz - interval '7 days'
    ) AS week
    CROSS JOIN LATERAL (
        SELECT greatest(
            (SELECT r.bucket FROM api.rollups AS r
             WHERE r.tenant_id = t.id AND r.grain = 'hour' AND r.webhooks > 0
               AND r.bucket > $2::timestamptz - interval '30 days'
             ORDER BY r.bucket DESC LIMIT 1),
            (SELECT r.bucket FROM api.rollups AS r
             WHERE r.tenant_id = t.id AND r.grain = 'minute' AND r.webhooks > 0 ORDER BY r.bucket DESC LIMIT 1)
        ) AS bucket
    ) AS newest
    CROSS JOIN LATERAL (
        SELECT count(*) FROM (
            SELECT FROM api.dead_letters AS l WHERE l.tenant_id = t.id AND l.state = 'open' LIMIT $4
        ) AS open
    ) AS dead
    CROSS JOIN LATERAL (
        SELECT count(*), count(*) FILTER (WHERE s.status = 'on_hold') AS on_hold,
               count(*) FILTER (WHERE s.status = 'unavailable') AS unavailable
        FROM control.destinations AS c
        LEFT JOIN api.destination_states_view AS s ON s.tenant_id = c.tenant_id AND s.destination_id = c.id
        WHERE c.tenant_id = t.id AND c.enabled
    ) AS d
    CROSS JOIN LATERAL (
        SELECT count(*) FROM control.users AS u WHERE u.tenant_id = t.id AND u.disabled_at IS NULL
    ) AS u
    WHERE t.id = ANY ($1)
"""
CONTAINS = "(position(lower({}) IN slug) > 0 OR position(lower({}) IN lower(name)) > 0)"


async def list_tenants(connection: Connection, query: TenantQuery, now: datetime) -> TenantPage:
    where = Where()
    if query.q is not None:
        where.filter(CONTAINS, query.q, query.q)
    if query.state is not None:
        where.filter("state = {}", query.state.value)
    rows, next_cursor = await fetch_page(connection, TENANTS, where, query)
    return TenantPage(items=await _with_figures(connection, rows, now), next_cursor=next_cursor)


async def find_tenant(connection: Connection, tenant_id: UUID, now: datetime) -> PlatformTenant:
    """Raises `NotFound`."""
    (tenant,) = await _with_figures(connection, [await fetch_tenant(connection, tenant_id)], now)
    return tenant


async def fetch_tenant(connection: Connection, tenant_id: UUID) -> asyncpg.Record:
    """Raises `NotFound`."""
    row = await connection.fetchrow(SELECT_TENANT, tenant_id)
    if row is None:
        raise NotFound("there is nothing with this id")
    return row


async def _with_figures(
    connection: Connection, tenants: Sequence[asyncpg.Record], now: datetime
) -> list[PlatformTenant]:
    ids = [row["id"] for row in tenants]
    figures = {row["id"]: row for row in await connection.fetch(SELECT_FIGURES, ids, now, PLATFORM, MAX_COUNTED)}
    return [
        PlatformTenant.from_row(
            row,
            users=figures[row["id"]]["users"],
            figures=_figures(figures[row["id"]], TenantState(row["state"])),
        )
        for row in tenants
    ]


def _figures(row: asyncpg.Record, state: TenantState) -> TenantFigures:
    return TenantFigures(
        last_webhook_at=row["last_webhook_at"],
        webhooks_per_day=round(row["webhooks"] / 7, 1),
        open_dead_letters=row["dead_letters"],
        sending=_sending(row, state),
    )


def _sending(row: asyncpg.Record, state: TenantState) -> SendingState:
    if row["switched_off"] or state is not TenantState.ACTIVE:
        return SendingState.STOPPED
    if not row["destinations"]:
        return SendingState.NO_DESTINATION
    if row["on_hold"]:
        return SendingState.ON_HOLD
    return SendingState.UNAVAILABLE if row["unavailable"] else SendingState.OK
