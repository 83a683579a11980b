"""Refunds, disputes and fraud warnings, kept for later corrections at the destinations."""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter

from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.facts import ReversalSeen

INSERT_REVERSALS = """
    INSERT INTO dispatch.reversals (tenant_id, event_id, payment_id, type, amount_minor, currency, occurred_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[])
        AS new (tenant_id, event_id)
    ORDER BY tenant_id, event_id
    ON CONFLICT (tenant_id, event_id) DO NOTHING
"""

REVERSAL_VALUES = attrgetter(*(field.name for field in fields(ReversalSeen)))


async def record_reversals(connection: Connection, reversals: Sequence[ReversalSeen]) -> None:
    if reversals:
        await connection.execute(INSERT_REVERSALS, *zip(*map(REVERSAL_VALUES, reversals), strict=True))
