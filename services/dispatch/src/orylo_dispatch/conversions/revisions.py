"""Newer decisions that replace the one on which a conversion was released, suppressed or sent."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from orylo_common.messages import ConversionCorrectionChanged
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.announcements import announce
from orylo_dispatch.conversions.decisions import Decisions
from orylo_dispatch.conversions.deliveries import record_state
from orylo_dispatch.conversions.facts import DecisionSeen
from orylo_dispatch.conversions.new_delivery import DELIVERY_COLUMNS, NewDelivery
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.domain.conversion import EVENT_NAME
from orylo_dispatch.domain.release import BLOCKED, initial_state

# What was sent, or may have been, is marked; the rest is released or suppressed. Skips deliveries that are being sent.
REVISE = f"""
    UPDATE dispatch.deliveries AS d
    SET decision_version = new.version,
        correction = CASE WHEN d.state = 'dispatched' OR d.maybe_sent_at IS NOT NULL THEN new.reason END,
        state = CASE d.state WHEN 'dispatched' THEN d.state ELSE new.state END,
        reason = CASE d.state WHEN 'dispatched' THEN d.reason ELSE new.reason END,
        due_at = greatest(d.due_at, $8),
        settled_at = CASE WHEN d.state = 'dispatched' THEN d.settled_at WHEN new.state = 'suppressed' THEN $8 END
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::integer[])
        AS new (tenant_id, destination_id, payment_id, state, reason, version)
    WHERE d.tenant_id = new.tenant_id AND d.destination_id = new.destination_id AND d.payment_id = new.payment_id
      AND d.event_name = $7 AND d.decision_version < new.version
      AND (d.state = 'dispatched' AND d.correction IS DISTINCT FROM new.reason
           OR new.state = 'suppressed' AND (d.state = 'failed' OR d.state = 'pending' AND d.started_at IS NULL)
           OR new.state = 'pending' AND d.state = 'suppressed' AND d.reason = '{BLOCKED}')
    RETURNING {DELIVERY_COLUMNS}, d.state, d.reason, d.correction
"""  # noqa: S608

SELECT_IN_FLIGHT = """
    SELECT DISTINCT tenant_id, payment_id FROM dispatch.deliveries AS d
    JOIN unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::integer[])
        AS new (tenant_id, destination_id, payment_id, state, reason, version)
    USING (tenant_id, destination_id, payment_id)
    WHERE d.event_name = $7 AND d.state = 'pending' AND d.started_at IS NOT NULL
      AND d.decision_version < new.version AND new.state = 'suppressed'
"""

PaymentKey = tuple[UUID, str]


async def revise(
    connection: Connection, seen: Sequence[tuple[DecisionSeen, SideEffects]], decisions: Decisions, now: datetime
) -> None:
    """Apply newer decisions to deliveries that are no longer held."""
    revised: dict[PaymentKey, tuple[DecisionSeen, SideEffects]] = {
        (fact.tenant_id, fact.payment_id): (fact, effects) for fact, effects in seen if fact.destinations
    }
    rows = [row for fact, _ in revised.values() for row in _rows(fact, decisions)]
    if not rows:
        return
    columns = list(zip(*rows, strict=True))
    for *values, state, reason, correction in await connection.fetch(REVISE, *columns, EVENT_NAME, now):
        delivery = NewDelivery(*values)
        fact, effects = revised[delivery.tenant_id, delivery.payment_id]
        record_state(effects, delivery, DeliveryState(state), reason, causation_id=fact.message_id, now=now)
        if state == DeliveryState.DISPATCHED or correction:
            message = announce(
                ConversionCorrectionChanged, delivery, now=now, causation_id=fact.message_id, correction=correction
            )
            effects.messages.append(message)
    for payment in await connection.fetch(SELECT_IN_FLIGHT, *columns, EVENT_NAME):
        _, effects = revised[payment["tenant_id"], payment["payment_id"]]
        effects.in_flight = True


def _rows(fact: DecisionSeen, decisions: Decisions) -> list[tuple[UUID, UUID, str, str, str | None, int]]:
    decision, version = decisions[fact.tenant_id, fact.event_id]
    state, reason = initial_state(decision, is_test=False, policy=fact.policy)
    return [
        (fact.tenant_id, destination.id, fact.payment_id, state.value, reason, version)
        for destination in fact.destinations
    ]
