"""Records and announces decisions, and learns their payments: one statement for many of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from orylo_common.broker.ports import Outgoing
from orylo_common.control.lists.additions import Addition
from orylo_common.messages import DetectionCreated, PaymentFact, PaymentSucceeded
from orylo_common.postgres.outbox_rows import OutboxRow
from orylo_common.postgres.pool import Connection
from orylo_detector.domain.known_payment import KnownPayment
from orylo_detector.store.learning import LEARN_PAYMENTS, payment_columns
from orylo_detector.store.recent_payments import encoded

# A payment that changed since it was read, by this or another replica, matches no row: its decision is neither recorded
# nor announced. Sorted, so that two replicas with the same payments do not deadlock. IN uses a hash; a join may be
# planned for one row, and its cost then grows with the square of the batch.
RECORD = f"""
    WITH {LEARN_PAYMENTS}, recorded AS (
        INSERT INTO detector.recent_payments AS stored (tenant_id, payment_id, version, known)
        SELECT * FROM unnest($11::uuid[], $12::text[], $13::integer[], $14::bytea[])
            AS proposed (tenant_id, payment_id, version, known)
        ORDER BY tenant_id, payment_id
        ON CONFLICT (tenant_id, payment_id) DO UPDATE SET version = EXCLUDED.version, known = EXCLUDED.known
        WHERE stored.version = EXCLUDED.version - 1
        RETURNING tenant_id, payment_id
    ), decided AS (
        SELECT proposed.*
        FROM unnest($15::uuid[], $16::text[], $17::uuid[], $18::text[], $19::text[], $20::text[], $21::text[],
                    $22::text[], $23::smallint[], $24::jsonb[], $25::bigint[], $26::text[], $27::timestamptz[],
                    $28::integer[], $29::uuid[])
            AS proposed (tenant_id, payment_id, id, event_id, payment_type, gateway, customer_id, decision, risk_score,
                         found, amount_minor, currency, occurred_at, version, replaces)
        WHERE (tenant_id, payment_id) IN (SELECT tenant_id, payment_id FROM recorded)
    ), detections AS (
        INSERT INTO detector.detections (tenant_id, event_id, id, payment_id, payment_type, gateway, customer_id,
                                         decision, risk_score, reasons, points, override, rules, detectors, degraded,
                                         amount_minor, currency, occurred_at, version, replaces)
        SELECT tenant_id, event_id, id, payment_id, payment_type, gateway, customer_id, decision, risk_score,
               found -> 'reasons', found -> 'points', found ->> 'override', found -> 'rules',
               found -> 'detectors', found -> 'degraded', amount_minor, currency, occurred_at, version, replaces
        FROM decided
    ), announced AS (
        INSERT INTO detector.outbox (message_id, type, bodies, message_ids)
        SELECT $30, $31, $32, CASE WHEN count(*) < cardinality($35) THEN array_agg(message_id) END
        FROM unnest($33::uuid[], $34::text[], $35::uuid[]) AS proposed (tenant_id, payment_id, message_id)
        WHERE (tenant_id, payment_id) IN (SELECT tenant_id, payment_id FROM recorded)
        HAVING count(*) > 0
    )
    SELECT tenant_id, payment_id FROM recorded
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class RecordedPayment:
    """A payment with a new fact. `known` has the version that it gets.

    `detection` and its `announcement` are None if the fact changed no decision. `block` announces that a paid payment
    is now blocked, or no longer is. `ip_country` is where the customer paid from, if known. `additions` are the list
    entries that rules add.
    """

    payment: PaymentFact
    known: KnownPayment
    detection: DetectionCreated | None = None
    announcement: Outgoing | None = None
    block: Outgoing | None = None
    ip_country: str | None = None
    additions: Sequence[Addition] = ()

    @property
    def messages(self) -> list[Outgoing]:
        return [message for message in (self.announcement, self.block) if message is not None]


async def record_payments(connection: Connection, payments: Sequence[RecordedPayment]) -> list[bool]:
    """Return for each payment whether it was recorded. A payment that changed since it was read is not."""
    # Of a payment that occurs twice in the batch only the first can be recorded.
    first = {(each.payment.tenant_id, each.payment.payment_id): each for each in reversed(payments)}
    known = [(*key, each.known.version, encoded(each.known)) for key, each in first.items()]
    detections = [(*key, *_columns(each.detection)) for key, each in first.items() if each.detection]
    messages = [(*key, message.message_id) for key, each in first.items() for message in each.messages]
    outbox = OutboxRow([message for each in first.values() for message in each.messages])
    paid = [(each.payment, each.ip_country) for each in first.values() if isinstance(each.payment, PaymentSucceeded)]
    rows = await connection.fetch(
        RECORD,
        *payment_columns(paid),
        *zip(*known, strict=True),
        *(zip(*detections, strict=True) if detections else [()] * 15),
        *outbox.columns(),
        *(zip(*messages, strict=True) if messages else [()] * 3),
    )
    recorded = {(tenant_id, payment_id) for tenant_id, payment_id in rows}
    written = [first[key] for key in first if key in recorded]
    outbox.written([message for each in written for message in each.messages])
    recorded_ids = {id(each) for each in written}
    return [id(each) in recorded_ids for each in payments]


def _columns(detection: DetectionCreated) -> tuple[object, ...]:
    return (
        detection.detection_id,
        detection.event_id,
        detection.payment_type,
        detection.gateway,
        detection.customer_id,
        detection.decision.value,
        detection.risk_score,
        {
            "reasons": detection.reasons,
            "points": [each.model_dump(exclude_none=True) for each in detection.points],
            "override": detection.override,
            "rules": [vars(each) for each in detection.rules],
            "detectors": [each.as_stored() for each in detection.detectors],
            "degraded": detection.degraded,
        },
        detection.amount_minor,
        detection.currency,
        detection.occurred_at,
        detection.version,
        detection.replaces.detection_id if detection.replaces else None,
    )
