"""From disputes, fraud warnings and verdicts to rows of api.fraud_evidence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import actor_id
from orylo_common.fraud_evidence import FraudReport, evidence_of, merged
from orylo_common.messages import PaymentFact, VerdictGiven
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(slots=True)
class EvidenceRow:
    """The reports of a batch on one payment, and the newest of its verdicts."""

    tenant_id: UUID
    payment_id: str
    reports: dict[str, Any]
    verdict: str | None
    verdict_reason: str | None
    verdict_actor: str | None
    verdict_at: datetime | None
    verdict_key: str
    reported_at: datetime
    # Not a column: of the user or the API key, where the actor is one.
    actor_id: UUID | None


EVIDENCE = Table("api.fraud_evidence", EvidenceRow)

# Messages name an actor by id; people know users by their email addresses and API keys by their names.
UPSERT_EVIDENCE = f"""
    INSERT INTO api.fraud_evidence AS stored (
        tenant_id, payment_id, reports, verdict, verdict_reason, verdict_actor, verdict_at, verdict_key, reported_at
    )
    SELECT given.tenant_id, given.payment_id, given.reports, given.verdict, given.verdict_reason,
           coalesce(u.email, k.name, given.verdict_actor), given.verdict_at, given.verdict_key, given.reported_at
    FROM {EVIDENCE.unnest}
    LEFT JOIN control.users AS u ON u.tenant_id = given.tenant_id AND u.id = given.actor_id
    LEFT JOIN control.api_keys AS k ON k.tenant_id = given.tenant_id AND k.id = given.actor_id
    ORDER BY given.tenant_id, given.payment_id
    ON CONFLICT (tenant_id, payment_id) DO UPDATE SET
        reports = api.merge_enriched(EXCLUDED.reports, stored.reports),
        (verdict, verdict_reason, verdict_actor, verdict_at) = (
            SELECT newest.verdict, newest.verdict_reason, newest.verdict_actor, newest.verdict_at
            FROM (VALUES
                (EXCLUDED.verdict, EXCLUDED.verdict_reason, EXCLUDED.verdict_actor, EXCLUDED.verdict_at,
                 EXCLUDED.verdict_key),
                (stored.verdict, stored.verdict_reason, stored.verdict_actor, stored.verdict_at, stored.verdict_key)
            ) AS newest (verdict, verdict_reason, verdict_actor, verdict_at, verdict_key)
            ORDER BY newest.verdict_key COLLATE "C" DESC LIMIT 1
        ),
        verdict_key = greatest(EXCLUDED.verdict_key, stored.verdict_key),
        reported_at = least(EXCLUDED.reported_at, stored.reported_at)
"""  # noqa: S608


class EvidenceProjection:
    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, str], EvidenceRow] = {}

    def fold(self, report: FraudReport, effects: Effects) -> None:
        # A panel's test event says nothing about fraud.
        if isinstance(report, PaymentFact) and report.test:
            return
        row = evidence_row(report)
        effects.change_payment(row.tenant_id, row.payment_id)
        known = self._rows.setdefault((row.tenant_id, row.payment_id), row)
        if known is not row:
            merge(known, row)
        if isinstance(report, VerdictGiven):
            data = {"payment_id": row.payment_id, "verdict": row.verdict, "occurred_at": report.occurred_at}
            effects.stream(row.tenant_id, b"verdict.given", data)

    async def write(self, connection: Connection) -> None:
        await EVIDENCE.execute(connection, UPSERT_EVIDENCE, self._rows.values())


def evidence_row(report: FraudReport) -> EvidenceRow:
    evidence = evidence_of(report)
    row = EvidenceRow(
        tenant_id=report.tenant_id,
        payment_id=report.payment_id,
        reports=dict(evidence),
        verdict=None,
        verdict_reason=None,
        verdict_actor=None,
        verdict_at=None,
        verdict_key="",
        reported_at=report.occurred_at,
        actor_id=None,
    )
    if isinstance(report, VerdictGiven):
        row.verdict, row.verdict_reason, row.verdict_actor = report.verdict, report.reason, report.actor
        row.verdict_at, row.verdict_key = report.occurred_at, evidence["verdict"][0]
        row.actor_id = actor_id(report.actor)
    return row


def merge(row: EvidenceRow, other: EvidenceRow) -> None:
    """Do to rows of one batch what UPSERT_EVIDENCE does to stored ones."""
    row.reports = dict(merged(row.reports, other.reports))
    if other.verdict_key > row.verdict_key:
        row.verdict, row.verdict_reason, row.verdict_actor = other.verdict, other.verdict_reason, other.verdict_actor
        row.verdict_at, row.verdict_key, row.actor_id = other.verdict_at, other.verdict_key, other.actor_id
    row.reported_at = min(row.reported_at, other.reported_at)
