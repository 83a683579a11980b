"""Figures of all tenants over a period, from the rollups, for operators."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Invalid
from orylo_api.http.pages import decode_cursor, encode_cursor
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.platform.analytics_models import (
    MAX_DAYS,
    AnalyticsQuery,
    PlatformAnalytics,
    TenantAnalytics,
    TenantDecisions,
    TenantMoney,
    TenantOrder,
)
from orylo_api.read_models.rollups import PAYMENTS
from orylo_api.timeseries.periods import HOUR, Span, ceiling, floor, parts_of
from orylo_api.timeseries.queries import ACTIVITY
from orylo_common.postgres.pool import Connection

DEFAULT_LENGTH = timedelta(days=7)

# LATERAL, because PostgreSQL then reads each part of each tenant by the primary key.
PARTS = "unnest($1::integer[], $2::text[], $3::timestamptz[], $4::timestamptz[]) AS part (sign, grain, starts, ends)"
OF_PART = "r.tenant_id = t.id AND r.grain = part.grain AND r.bucket >= part.starts AND r.bucket < part.ends"
SUM_MESSAGES = f"""
    SELECT t.id, t.slug, t.name, t.state, sums.webhooks, sums.dead_letters, rejected.count AS rejected
    FROM control.tenants AS t
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(part.sign * r.webhooks), 0)::bigint AS webhooks,
               coalesce(sum(part.sign * r.dead_letters), 0)::bigint AS dead_letters
        FROM {PARTS} JOIN api.rollups AS r ON {OF_PART}
    ) AS sums
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(v.count), 0)::bigint AS count FROM api.rejections_view AS v
        WHERE v.tenant_id = t.id AND v.created_at >= $5 AND v.created_at < $6
    ) AS rejected
"""  # noqa: S608
SUM_PAYMENTS = f"""
    SELECT t.id, sums.* FROM control.tenants AS t
    CROSS JOIN LATERAL (
        SELECT r.currency, r.decision, sum(part.sign * r.payments)::bigint AS payments,
               sum(part.sign * r.amount_minor) AS amount_minor, sum(part.sign * r.succeeded_minor) AS succeeded_minor,
               sum(part.sign * r.refunded_minor) AS refunded_minor
        FROM {PARTS} JOIN api.payment_rollups AS r ON {OF_PART}
        GROUP BY 1, 2 HAVING sum(part.sign * r.payments) > 0
    ) AS sums
"""  # noqa: S608
AMOUNTS = ("payments", "amount_minor", "succeeded_minor", "refunded_minor")


async def show_platform_analytics(call: Call[None, AnalyticsQuery, None]) -> PlatformAnalytics:
    query, now = call.query, call.services.clock.now()
    to = query.to or now
    period = Span(floor(query.from_ or to - DEFAULT_LENGTH, HOUR), ceiling(to, HOUR))
    if not timedelta() < period.end - period.start <= timedelta(days=MAX_DAYS, hours=1):
        text = f"must lie at most {MAX_DAYS} days before `to`"
        raise Invalid("the range is invalid", [FieldProblem(field="query.from", message=text)])
    tenants = await read_tenants(call.connection, period)
    ranked = sorted(tenants, key=lambda each: (-_value(each, query.order), each.id))
    if query.cursor is not None:
        value, last_id = decode_cursor(query.cursor, int, UUID)
        ranked = [each for each in ranked if (-_value(each, query.order), each.id) > (-value, last_id)]
    items, more = ranked[: query.limit], len(ranked) > query.limit
    return PlatformAnalytics(
        generated_at=now,
        start=period.start,
        end=period.end,
        items=items,
        next_cursor=encode_cursor(_value(items[-1], query.order), items[-1].id) if more else None,
    )


async def read_tenants(connection: Connection, period: Span) -> list[TenantAnalytics]:
    messages = await connection.fetch(SUM_MESSAGES, *_parts(period, ACTIVITY.grains), *period)
    payments: defaultdict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch(SUM_PAYMENTS, *_parts(period, PAYMENTS.grains)):
        payments[row["id"]].append(row)
    return [_tenant(row, payments[row["id"]]) for row in messages]


def _parts(period: Span, grains: Sequence[str]) -> list[list[Any]]:
    _, *columns = zip(*parts_of([period], grains), strict=True)
    return [list(column) for column in columns]


def _tenant(row: asyncpg.Record, payments: Sequence[asyncpg.Record]) -> TenantAnalytics:
    decisions: defaultdict[str, int] = defaultdict(int)
    money: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(AMOUNTS, 0))
    for each in payments:
        decisions[each["decision"] or "undecided"] += each["payments"]
        for name in AMOUNTS:
            money[each["currency"]][name] += int(each[name])
    return TenantAnalytics.from_row(
        row,
        trouble=row["rejected"] + row["dead_letters"],
        payments=sum(decisions.values()),
        decisions=TenantDecisions(**decisions),
        money=sorted(
            (TenantMoney(currency=currency, **sums) for currency, sums in money.items()),
            key=lambda each: (-each.payments, each.currency),
        ),
    )


def _value(tenant: TenantAnalytics, order: TenantOrder) -> int:
    if order is TenantOrder.BLOCKED:
        return tenant.decisions.block
    value: int = getattr(tenant, order.value)
    return value


ROUTES = (
    Route(
        "GET",
        "/api/v1/platform/analytics",
        show_platform_analytics,
        Permission.SEE_PLATFORM,
        "Figures of all tenants over a period",
        query=AnalyticsQuery,
        response=PlatformAnalytics,
        across_tenants=True,
        description="Webhooks, payments, decisions and money by currency, from the rollups. By default of the last "
        "seven days, the tenant with the most trouble first.",
    ),
)
