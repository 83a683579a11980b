"""Everything that waits for a person. Each part reads a bounded number of rows by an index."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

import asyncpg

from orylo_api.attention.models import AttentionAmount, AttentionCode, AttentionItem
from orylo_api.payments.failed_money import failed_money_over_limit
from orylo_api.payments.list_models import BLOCKED_BUT_PAID
from orylo_api.review.queries import COUNT_OPEN
from orylo_common.postgres.pool import Connection

MAX_COUNTED = 10_000
# A rejection is repeated as long as its cause lasts; a block that was paid is answered within days or never.
REJECTIONS_WITHIN = timedelta(days=1)
BLOCKS_WITHIN = timedelta(days=7)
MAX_GROUPS = 20
BLOCKED_BUT_PAID_LIST = f"/payments?range={BLOCKS_WITHIN.days}d&{urlencode(BLOCKED_BUT_PAID, safe=',')}"

SELECT_FUSE = "SELECT tripped_at FROM control.fuses WHERE tripped"
SELECT_ON_HOLD = """
    SELECT d.name, s.since, s.code, s.reason
    FROM api.destinations AS d JOIN api.destination_states_view AS s ON s.destination_id = d.id
    WHERE d.enabled AND s.status = 'on_hold' ORDER BY s.since, d.id LIMIT $1
"""
COUNT_DEAD_LETTERS = """
    SELECT count(*) AS count, min(created_at) AS since
    FROM (SELECT created_at FROM api.dead_letters WHERE state = 'open' ORDER BY created_at, id LIMIT $1) AS open
"""
COUNT_QUARANTINE = """
    SELECT count(*) AS count, min(created_at) AS since
    FROM (SELECT created_at FROM api.quarantine_view WHERE state = 'open' ORDER BY created_at, id LIMIT $1) AS open
"""
COUNT_MERGE_REVIEWS = """
    SELECT count(*) AS count, min(created_at) AS since
    FROM (SELECT created_at FROM api.merge_reviews_view WHERE state = 'open' ORDER BY created_at, id LIMIT $1) AS open
"""
SUM_REJECTIONS = """
    SELECT gateway, code, sum(count)::bigint AS count, min(first_at) AS since,
           (array_agg(reason ORDER BY last_at DESC))[1] AS reason
    FROM (SELECT * FROM api.rejections_view WHERE created_at >= $1 ORDER BY created_at DESC LIMIT $2) AS recent
    GROUP BY gateway, code ORDER BY count DESC, gateway, code LIMIT $3
"""
# Blocked payments whose money the merchant still has, without a verdict that they are legitimate. There may be
# thousands, so their sums by hour are read.
SUM_PAID_BLOCKS = """
    SELECT currency, sum(paid_blocks)::bigint AS payments, sum(paid_blocks_minor) AS amount_minor,
           min(bucket) AS oldest_at
    FROM api.payment_rollups
    WHERE tenant_id = api.current_tenant() AND grain = 'hour' AND bucket >= $1 AND paid_blocks > 0
    GROUP BY currency ORDER BY payments DESC, currency
"""


async def read_attention(connection: Connection, now: datetime) -> list[AttentionItem]:
    return [
        *await _fuse(connection),
        *_money(AttentionCode.FAILED_MONEY, await failed_money_over_limit(connection, now), "/payments?state=failed"),
        *await _on_hold(connection),
        *await _counted(connection, AttentionCode.DEAD_LETTERS, COUNT_DEAD_LETTERS, "/problems/dead-letters"),
        *await _counted(connection, AttentionCode.QUARANTINE, COUNT_QUARANTINE, "/problems/quarantine"),
        *await _rejections(connection, now),
        *_money(
            AttentionCode.BLOCKED_BUT_PAID,
            await connection.fetch(SUM_PAID_BLOCKS, now - BLOCKS_WITHIN),
            BLOCKED_BUT_PAID_LIST,
        ),
        *_money(AttentionCode.TO_REVIEW, await connection.fetch(COUNT_OPEN, now), "/review"),
        *await _counted(connection, AttentionCode.MERGE_REVIEWS, COUNT_MERGE_REVIEWS, "/customers?tab=merge-reviews"),
    ]


async def _fuse(connection: Connection) -> list[AttentionItem]:
    rows = await connection.fetch(SELECT_FUSE)
    return [_item(AttentionCode.FUSE_TRIPPED, 1, "/rules", since=row["tripped_at"]) for row in rows]


async def _on_hold(connection: Connection) -> list[AttentionItem]:
    return [
        _item(
            AttentionCode.DESTINATION_ON_HOLD,
            1,
            "/destinations",
            since=row["since"],
            subject=row["name"],
            reason=row["code"],
            detail=row["reason"],
        )
        for row in await connection.fetch(SELECT_ON_HOLD, MAX_GROUPS)
    ]


async def _rejections(connection: Connection, now: datetime) -> list[AttentionItem]:
    rows = await connection.fetch(SUM_REJECTIONS, now - REJECTIONS_WITHIN, MAX_COUNTED, MAX_GROUPS)
    return [
        _item(
            AttentionCode.WEBHOOKS_REJECTED,
            row["count"],
            f"/problems/rejections?gateway={row['gateway']}&code={row['code']}",
            since=row["since"],
            subject=row["gateway"],
            reason=row["code"],
            detail=row["reason"],
        )
        for row in rows
    ]


async def _counted(connection: Connection, code: AttentionCode, statement: str, link: str) -> list[AttentionItem]:
    [row] = await connection.fetch(statement, MAX_COUNTED)
    return [_item(code, row["count"], link, since=row["since"])] if row["count"] else []


def _money(code: AttentionCode, rows: Sequence[asyncpg.Record], link: str) -> list[AttentionItem]:
    """Return one item for the rows, which each have a currency, or none without rows."""
    if not rows:
        return []
    amounts = [AttentionAmount(currency=row["currency"], amount_minor=max(0, int(row["amount_minor"]))) for row in rows]
    count, since = sum(row["payments"] for row in rows), min(row["oldest_at"] for row in rows)
    return [_item(code, count, link, since=since, amounts=amounts)]


def _item(
    code: AttentionCode,
    count: int,
    link: str,
    *,
    since: datetime | None,
    amounts: list[AttentionAmount] | None = None,
    subject: str | None = None,
    reason: str | None = None,
    detail: str | None = None,
) -> AttentionItem:
    return AttentionItem(
        code=code,
        count=count,
        amounts=amounts or [],
        since=since,
        subject=subject,
        reason=reason,
        detail=detail,
        link=link,
    )
