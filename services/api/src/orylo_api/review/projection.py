"""From decisions and verdicts to rows of api.review_cases.

A payment has a row if a decision was a review or replaced one, or if it has a verdict. Its newest decision and newest
verdict decide whether the case is open. The order of messages does not matter.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import uuid7_time
from orylo_common.fraud_evidence import evidence_of
from orylo_common.messages import Decision, DetectionCreated, PaymentVerdict, VerdictGiven
from orylo_common.money import to_major
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table

NO_DECISION = -1
NO_ID = UUID(int=0)


@dataclass(slots=True)
class ReviewCaseRow:
    """The decision with the highest (version, id), and the verdict with the highest key."""

    tenant_id: UUID
    payment_id: str
    version: int
    detection_id: UUID
    decision: str | None
    risk_score: int
    amount_minor: int
    amount: float
    currency: str
    gateway: str
    customer_id: str | None
    verdict_key: str
    verdict: str | None
    verdict_at: datetime | None
    created_at: datetime


REVIEW_CASES = Table("api.review_cases", ReviewCaseRow)
OF_DECISION = (
    "version", "detection_id", "decision", "risk_score", "amount_minor", "amount", "currency", "gateway", "customer_id",
)  # fmt: skip
OF_VERDICT = ("verdict_key", "verdict", "verdict_at")

_NEWER_DECISION = "(EXCLUDED.version, EXCLUDED.detection_id) > (stored.version, stored.detection_id)"
_NEWER_VERDICT = "EXCLUDED.verdict_key > stored.verdict_key"
# `merge` must agree with it. A verdict that is withdrawn after a person decided the case opens it again.
UPSERT_CASES = f"""
    {REVIEW_CASES.insert}
    ON CONFLICT (tenant_id, payment_id) DO UPDATE SET
        {", ".join(f"{n} = CASE WHEN {_NEWER_DECISION} THEN EXCLUDED.{n} ELSE stored.{n} END" for n in OF_DECISION)},
        {", ".join(f"{n} = CASE WHEN {_NEWER_VERDICT} THEN EXCLUDED.{n} ELSE stored.{n} END" for n in OF_VERDICT)},
        settled_at = CASE WHEN EXCLUDED.verdict_key > stored.verdict_key AND EXCLUDED.verdict IS NULL
                               AND EXCLUDED.verdict_at > stored.settled_at THEN NULL ELSE stored.settled_at END,
        created_at = least(EXCLUDED.created_at, stored.created_at)
"""


class ReviewCaseProjection:
    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, str], ReviewCaseRow] = {}

    def fold(self, message: DetectionCreated | VerdictGiven, effects: Effects) -> None:
        if isinstance(message, VerdictGiven):
            row = row_of_verdict(message)
        elif _concerns_reviews(message) and not message.test:
            row = row_of_decision(message)
        else:
            return
        known = self._rows.setdefault((row.tenant_id, row.payment_id), row)
        if known is not row:
            merge(known, row)

    async def write(self, connection: Connection) -> None:
        await REVIEW_CASES.execute(connection, UPSERT_CASES, self._rows.values())


def _concerns_reviews(detection: DetectionCreated) -> bool:
    replaced = detection.replaces
    return Decision.REVIEW in (detection.decision, replaced and replaced.decision)


def row_of_decision(detection: DetectionCreated) -> ReviewCaseRow:
    return ReviewCaseRow(
        tenant_id=detection.tenant_id,
        payment_id=detection.payment_id,
        version=detection.version,
        detection_id=detection.detection_id,
        decision=detection.decision,
        risk_score=detection.risk_score,
        amount_minor=detection.amount_minor,
        amount=float(to_major(detection.amount_minor, detection.currency)),
        currency=detection.currency,
        gateway=detection.gateway,
        customer_id=detection.customer_id,
        verdict_key="",
        verdict=None,
        verdict_at=None,
        created_at=uuid7_time(detection.detection_id, detection.occurred_at),
    )


def row_of_verdict(given: VerdictGiven) -> ReviewCaseRow:
    return ReviewCaseRow(
        tenant_id=given.tenant_id,
        payment_id=given.payment_id,
        version=NO_DECISION,
        detection_id=NO_ID,
        decision=None,
        risk_score=0,
        amount_minor=0,
        amount=0.0,
        currency="",
        gateway="",
        customer_id=given.customer_id,
        verdict_key=evidence_of(given)["verdict"][0],
        verdict=None if given.verdict is PaymentVerdict.WITHDRAWN else given.verdict,
        verdict_at=given.occurred_at,
        created_at=given.occurred_at,
    )


def merge(row: ReviewCaseRow, other: ReviewCaseRow) -> None:
    """Do to rows of one batch what UPSERT_CASES does to stored ones."""
    row.created_at = min(row.created_at, other.created_at)
    if (other.version, other.detection_id) > (row.version, row.detection_id):
        for name in OF_DECISION:
            setattr(row, name, getattr(other, name))
    if other.verdict_key > row.verdict_key:
        for name in OF_VERDICT:
            setattr(row, name, getattr(other, name))
