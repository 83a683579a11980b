"""Ends the statuses whose time is over. PostgreSQL's clock decides, because the replicas' clocks may differ."""

import asyncio
from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.ids import uuid7
from orylo_trust.handlers import Offer, post
from orylo_trust.ports import LedgerWriter, StandingCache, TrustPolicySource
from orylo_trust.posting import Posting

BATCH = 500
SELECT_EXPIRED = f"""
    SELECT tenant_id, customer_id, status_expires_at FROM trust.accounts
    WHERE status_expires_at <= now() ORDER BY status_expires_at LIMIT {BATCH}
"""  # noqa: S608


async def expire_statuses(
    *, pool: asyncpg.Pool, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """End every status that is due. Two replicas end it once: the second finds another status, or none that expires."""
    while True:
        due = await pool.fetch(SELECT_EXPIRED)
        postings = [_expiry(plane, *row) for row in due]
        await asyncio.gather(*(post(each, ledger, offer, cache) for each in postings))
        if len(due) < BATCH:
            return


def _expiry(plane: TrustPolicySource, tenant_id: UUID, customer_id: str, due: datetime) -> Posting:
    message_id = uuid7()
    return Posting(
        tenant_id=tenant_id,
        customer_id=customer_id,
        start=plane.settings(tenant_id, TrustPolicy).start,
        message_id=message_id,
        correlation_id=message_id,
        occurred_at=due,
        expiry=due,
    )
