"""From `detection.created` to rows of api.detections_view."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from orylo_api.detections.models import Detection
from orylo_api.read_models.effects import Counter, Effects
from orylo_api.read_models.keys import uuid7_time
from orylo_common.messages import Decision, DetectionCreated, ReplacedDecision
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table

DECISION_COUNTERS: dict[Decision, Counter] = {
    Decision.ALLOW: "detections_allow",
    Decision.REVIEW: "detections_review",
    Decision.BLOCK: "detections_block",
}


@dataclass(slots=True)
class DetectionRow:
    tenant_id: UUID
    id: UUID
    event_id: str
    payment_id: str
    payment_type: str
    gateway: str
    customer_id: str | None
    decision: str
    risk_score: int
    # Shown, never searched: fields of the answer that need no column.
    findings: dict[str, Any]
    amount_minor: int
    currency: str
    occurred_at: datetime
    created_at: datetime
    version: int
    replaces: UUID | None


DETECTIONS = Table("api.detections_view", DetectionRow)
_columns_shown = DETECTIONS.reader(Detection.model_fields)


class DetectionProjection:
    """Counts payments, not events: a decision that replaces another one takes its place in the sums."""

    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, UUID], DetectionRow] = {}

    def fold(self, detection: DetectionCreated, effects: Effects) -> None:
        row = detection_row(detection)
        self._rows[row.tenant_id, row.id] = row
        effects.change_payment(row.tenant_id, row.payment_id)
        if not detection.late:
            _count(effects, detection, row.created_at, detection, by=1)
        if replaced := detection.replaces:
            # It was counted at its own time. The sums do not depend on which of the two messages arrives first.
            _count(effects, detection, uuid7_time(replaced.detection_id, detection.occurred_at), replaced, by=-1)
        # As the API's model has it: every field, also those that are stored only if they are known.
        detectors = [{"otherwise": None, **each} for each in row.findings["detectors"]]
        findings = row.findings | {"detectors": detectors}
        effects.stream(row.tenant_id, b"detection.created", _columns_shown(row) | findings | {"replaced_by": None})

    async def write(self, connection: Connection) -> None:
        await DETECTIONS.insert_new(connection, self._rows.values())


def _count(
    effects: Effects,
    detection: DetectionCreated,
    at: datetime,
    counted: DetectionCreated | ReplacedDecision,
    *,
    by: Literal[1, -1],
) -> None:
    effects.count(detection.tenant_id, at, DECISION_COUNTERS[counted.decision], by)
    if counted.degraded:
        effects.count(detection.tenant_id, at, "detections_degraded", by)


def detection_row(detection: DetectionCreated) -> DetectionRow:
    return DetectionRow(
        tenant_id=detection.tenant_id,
        id=detection.detection_id,
        event_id=detection.event_id,
        payment_id=detection.payment_id,
        payment_type=detection.payment_type,
        gateway=detection.gateway,
        customer_id=detection.customer_id,
        decision=detection.decision,
        risk_score=detection.risk_score,
        findings={
            "reasons": detection.reasons,
            "points": [each.model_dump() for each in detection.points],
            "override": detection.override,
            "rules": [vars(each) for each in detection.rules],
            "detectors": [each.as_stored() for each in detection.detectors],
            "degraded": detection.degraded,
        },
        amount_minor=detection.amount_minor,
        currency=detection.currency,
        occurred_at=detection.occurred_at,
        created_at=uuid7_time(detection.detection_id, detection.occurred_at),
        version=detection.version,
        replaces=detection.replaces.detection_id if detection.replaces else None,
    )
