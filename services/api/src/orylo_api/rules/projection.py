"""From the rules of `detection.created` to the counts of api.rule_hits."""

from collections import defaultdict
from datetime import date
from uuid import UUID

from orylo_api.read_models.claims import rule_claim
from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import uuid7_time
from orylo_common.messages import DetectionCreated
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
    """Counts a payment once for each rule and mode, however many decisions it has."""

    def __init__(self) -> None:
        self._hits: defaultdict[HitKey, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def fold(self, detection: DetectionCreated, effects: Effects) -> None:
        for hit in detection.rules:
            if not effects.claims.take(detection.tenant_id, rule_claim(hit, detection.payment_id)):
                continue
            day = uuid7_time(detection.detection_id, detection.occurred_at).date()
            counts = self._hits[detection.tenant_id, hit.rule_id, day, hit.mode, detection.currency]
            counts[0] += 1
            counts[1] += detection.amount_minor
            if hit.otherwise is not detection.decision:
                counts[2] += 1
                counts[3] += detection.amount_minor

    async def write(self, connection: Connection) -> None:
        if self._hits:
            rows = [(*key, *counts) for key, counts in self._hits.items()]
            await connection.execute(ADD_HITS, *zip(*rows, strict=True))
