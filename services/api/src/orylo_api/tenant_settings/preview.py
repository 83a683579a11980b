"""Counts past payments by the decision that other thresholds make of their stored risk."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from orylo_api.tenant_settings.models import MovedPayments, ThresholdEffect, ThresholdPreview
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.fraud_evidence import is_fraud
from orylo_common.messages import Decision
from orylo_common.postgres.pool import Connection

# Payments that one preview counts.
MAX_COUNTED = 100_000

# By the index on risk: allowed payments below every threshold are not read. A payment counts with its current
# decision, and only if its risk decided.
SELECT_BY_RISK = f"""
    WITH at_risk AS (
        SELECT d.risk_score, d.payment_id FROM api.detections_view AS d
        WHERE d.tenant_id = api.current_tenant() AND d.risk_score >= $1 AND d.risk_score > 0 AND d.created_at >= $2
          AND (d.findings ->> 'override') IS NULL
          AND NOT EXISTS (
              SELECT FROM api.detections_view AS newer
              WHERE newer.tenant_id = d.tenant_id AND newer.payment_id = d.payment_id
                AND (newer.version, newer.id) > (d.version, d.id)
          )
        LIMIT {MAX_COUNTED + 1}
    )
    SELECT r.risk_score, money.outcome AS state, coalesce(e.signs, '{{}}') AS signs, count(*) AS payments
    FROM at_risk AS r
    LEFT JOIN api.payments_view AS p ON p.tenant_id = api.current_tenant() AND p.payment_id = r.payment_id
    LEFT JOIN LATERAL api.payment_outcome(p.state, p.refunded_minor, p.reversals) AS money ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT report.value ->> 1 ORDER BY report.value ->> 1) AS signs
        FROM api.fraud_evidence AS e CROSS JOIN LATERAL jsonb_each(e.reports) AS report
        WHERE e.tenant_id = api.current_tenant() AND e.payment_id = r.payment_id
    ) AS e ON true
    WHERE (p.details ->> 'test') IS DISTINCT FROM 'true'
    GROUP BY 1, 2, 3
"""  # noqa: S608


async def preview_thresholds(
    connection: Connection, current: DetectionPolicy, proposed: DetectionPolicy, *, days: int, now: datetime
) -> ThresholdPreview:
    """Count the payments of the last `days` by what both thresholds make of their risk."""
    since = now - timedelta(days=days)
    rows = await connection.fetch(SELECT_BY_RISK, min(current.review_at, proposed.review_at), since)
    return ThresholdPreview(
        since=since,
        current=_effect(rows, current),
        proposed=_effect(rows, proposed),
        moved=_moved(rows, current, proposed),
        complete=sum(row["payments"] for row in rows) <= MAX_COUNTED,
    )


def decision_at(risk: int, policy: DetectionPolicy) -> Decision:
    """Return what the thresholds make of a risk."""
    if risk >= policy.block_at:
        return Decision.BLOCK
    return Decision.REVIEW if risk >= policy.review_at else Decision.ALLOW


def _effect(rows: Sequence[asyncpg.Record], policy: DetectionPolicy) -> ThresholdEffect:
    counts: Counter[Decision] = Counter()
    for row in rows:
        counts[decision_at(row["risk_score"], policy)] += row["payments"]
    return ThresholdEffect(
        review_at=policy.review_at,
        block_at=policy.block_at,
        reviewed=counts[Decision.REVIEW],
        blocked=counts[Decision.BLOCK],
    )


def _moved(rows: Sequence[asyncpg.Record], current: DetectionPolicy, proposed: DetectionPolicy) -> list[MovedPayments]:
    payments: Counter[tuple[Decision, Decision]] = Counter()
    fraud: Counter[tuple[Decision, Decision]] = Counter()
    fine: Counter[tuple[Decision, Decision]] = Counter()
    for row in rows:
        move = decision_at(row["risk_score"], current), decision_at(row["risk_score"], proposed)
        payments[move] += row["payments"]
        if is_fraud(row["signs"]):
            fraud[move] += row["payments"]
        elif row["state"] in ("succeeded", "dispute_won"):
            fine[move] += row["payments"]
    return [
        MovedPayments(
            before=before, after=after, payments=count, fraud=fraud[before, after], paid_fine=fine[before, after]
        )
        for (before, after), count in sorted(payments.items())
        if before is not after
    ]
