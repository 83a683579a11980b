"""Claims, records and announces decisions, and learns their payments: one statement for many of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from orylo_common.broker.ports import Outgoing
from orylo_common.messages import DetectionCreated, PaymentFact, PaymentSucceeded
from orylo_common.postgres.outbox_bodies import compress, outbox_columns
from orylo_common.postgres.pool import Connection
from orylo_detector.store.learning import LEARN_PAYMENTS, payment_columns

# The claim decides: an event that already has a decision, by this or another replica, is neither recorded nor
# announced. Sorted, so that two replicas with the same events do not deadlock. IN uses a hash; a join may be planned
# for one row, and its cost then grows with the square of the batch.
RECORD = f"""
    WITH {LEARN_PAYMENTS}, claimed AS (
        INSERT INTO detector.decided (tenant_id, event_id)
        SELECT tenant_id, event_id FROM unnest($11::uuid[], $12::text[]) AS proposed (tenant_id, event_id)
        ORDER BY tenant_id, event_id
        ON CONFLICT (tenant_id, event_id) DO NOTHING
        RETURNING tenant_id, event_id
    ), decided AS (
        SELECT proposed.*
        FROM unnest($11::uuid[], $12::text[], $13::uuid[], $14::text[], $15::text[], $16::text[], $17::text[],
                    $18::text[], $19::smallint[], $20::jsonb[], $21::bigint[], $22::text[], $23::timestamptz[],
                    $24::uuid[], $25::text[], $26::bytea[])
            AS proposed (tenant_id, event_id, id, payment_id, payment_type, gateway, customer_id, decision, risk_score,
                         found, amount_minor, currency, occurred_at, message_id, type, body)
        WHERE (tenant_id, event_id) IN (SELECT tenant_id, event_id FROM claimed)
    ), recorded AS (
        INSERT INTO detector.detections (tenant_id, event_id, id, payment_id, payment_type, gateway, customer_id,
                                         decision, risk_score, reasons, points, override, rules, detectors, degraded,
                                         amount_minor, currency, occurred_at)
        SELECT tenant_id, event_id, id, payment_id, payment_type, gateway, customer_id, decision, risk_score,
               found -> 'reasons', found -> 'points', found ->> 'override', found -> 'rules',
               found -> 'detectors', found -> 'degraded', amount_minor, currency, occurred_at
        FROM decided
    )
    INSERT INTO detector.outbox (message_id, type, body) SELECT message_id, type, body FROM decided
    RETURNING message_id
"""  # noqa: S608

ADD_TO_OUTBOX = """
    INSERT INTO detector.outbox (message_id, type, body) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
"""


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A payment event, the decision on it, and the message that announces it.

    If it blocks a paid payment, `block` announces that, too. `ip_country` is where the customer paid from, if known.
    """

    payment: PaymentFact
    detection: DetectionCreated
    announcement: Outgoing
    block: Outgoing | None = None
    ip_country: str | None = None


async def record_decisions(connection: Connection, decided: Sequence[StoredDecision]) -> list[bool]:
    """Return for each decision whether it became the one of its event."""
    # If an event occurs twice in the batch, the first one counts.
    first = {(each.payment.tenant_id, each.payment.event_id): each for each in reversed(decided)}
    columns = zip(*map(_row, first.values()), strict=True)
    payments = [(each.payment, each.ip_country) for each in decided if isinstance(each.payment, PaymentSucceeded)]
    rows = await connection.fetch(RECORD, *payment_columns(payments), *columns)
    recorded = {row["message_id"] for row in rows}
    blocks = [each.block for each in decided if each.block and each.announcement.message_id in recorded]
    if blocks:
        await connection.execute(ADD_TO_OUTBOX, *outbox_columns(blocks))
    return [each.announcement.message_id in recorded for each in decided]


def _row(decided: StoredDecision) -> tuple[object, ...]:
    detection = decided.detection
    return (
        detection.tenant_id,
        detection.event_id,
        detection.detection_id,
        detection.payment_id,
        detection.payment_type,
        detection.gateway,
        detection.customer_id,
        detection.decision.value,
        detection.risk_score,
        {
            "reasons": detection.reasons,
            "points": [
                {"reason": each.reason, "detector": each.detector, "points": each.points} for each in detection.points
            ],
            "override": detection.override,
            "rules": [vars(each) for each in detection.rules],
            "detectors": [
                {"name": each.name, "score": each.score, "reasons": each.reasons, "duration_us": each.duration_us}
                for each in detection.detectors
            ],
            "degraded": detection.degraded,
        },
        detection.amount_minor,
        detection.currency,
        detection.occurred_at,
        decided.announcement.message_id,
        decided.announcement.type,
        compress(decided.announcement.body),
    )
