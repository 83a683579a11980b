"""From the rules of `detection.created` to the counts of api.rule_hits."""

from collections import defaultdict
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import uuid7_time
from orylo_common.messages import DetectionCreated, ReplacedDecision
from orylo_common.postgres.pool import Connection

# Sorted by key: two replicas lock in one order.
ADD_HITS = """
    INSERT INTO api.rule_hits AS h
        (tenant_id, rule_id, day, mode, currency, payments, amount_minor, changed, changed_minor)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[], $5::text[], $6::bigint[], $7::numeric[],
                         $8::bigint[], $9::numeric[])
        AS hits (tenant_id, rule_id, day, mode, currency, payments, amount_minor, changed, changed_minor)
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (tenant_id, rule_id, day, mode, currency) DO UPDATE SET
        payments = h.payments + EXCLUDED.payments, amount_minor = h.amount_minor + EXCLUDED.amount_minor,
        changed = h.changed + EXCLUDED.changed, changed_minor = h.changed_minor + EXCLUDED.changed_minor
"""

HitKey = tuple[UUID, UUID, date, str, str]


class RuleHitProjection:
    """Counts payments, not events: the hits of a decision take the place of those that it replaces."""

    def __init__(self) -> None:
        self._hits: defaultdict[HitKey, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def fold(self, detection: DetectionCreated, effects: Effects) -> None:
        if detection.late:
            # It never was the payment's current decision.
            return
        self._count(detection, uuid7_time(detection.detection_id, detection.occurred_at), detection, by=1)
        if replaced := detection.replaces:
            # They were counted at their own time. The sums do not depend on which message arrives first.
            self._count(detection, uuid7_time(replaced.detection_id, detection.occurred_at), replaced, by=-1)

    def _count(
        self,
        detection: DetectionCreated,
        at: datetime,
        counted: DetectionCreated | ReplacedDecision,
        *,
        by: Literal[1, -1],
    ) -> None:
        for hit in counted.rules:
            counts = self._hits[detection.tenant_id, hit.rule_id, at.date(), hit.mode, counted.currency]
            counts[0] += by
            counts[1] += by * counted.amount_minor
            if hit.otherwise is not counted.decision:
                counts[2] += by
                counts[3] += by * counted.amount_minor

    async def write(self, connection: Connection) -> None:
        if self._hits:
            rows = [(*key, *counts) for key, counts in self._hits.items()]
            await connection.execute(ADD_HITS, *zip(*rows, strict=True))
