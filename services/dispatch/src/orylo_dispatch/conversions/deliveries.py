"""New deliveries: one for each payment and destination."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from orylo_common.ids import uuid7
from orylo_common.messages import ConversionMatched, ConversionSuppressed
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.announcements import announce
from orylo_dispatch.conversions.attribution import Attribution, attribute
from orylo_dispatch.conversions.enrichments import name_buyers
from orylo_dispatch.conversions.facts import PaymentSeen
from orylo_dispatch.conversions.new_delivery import DELIVERIES, DeliveryRow, NewDelivery
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.domain.conversion import EVENT_NAME, is_nameless
from orylo_dispatch.domain.enrichment import ENRICHMENT_WAIT
from orylo_dispatch.domain.release import EventDecision, initial_state

INSERT_DELIVERIES = f"""
    {DELIVERIES.insert}
    ORDER BY tenant_id, destination_id, payment_id
    ON CONFLICT (tenant_id, destination_id, payment_id, event_name) DO NOTHING
    RETURNING stored.delivery_id
"""


async def add_deliveries(
    connection: Connection,
    seen: Sequence[tuple[PaymentSeen, SideEffects]],
    decisions: Mapping[tuple[UUID, str], EventDecision],
    now: datetime,
) -> None:
    """Add a delivery for each payment and destination that has none yet."""
    if not seen:
        return
    attributions = await name_buyers(connection, await attribute(connection, [fact for fact, _ in seen]))
    added = [
        (row, fact, effects)
        for (fact, effects), attribution in zip(seen, attributions, strict=True)
        for row in _rows(fact, attribution, decisions[fact.payment.tenant_id, fact.payment.event_id], now)
    ]
    inserted = await DELIVERIES.fetch(connection, INSERT_DELIVERIES, [row for row, _, _ in added])
    new = {delivery_id for (delivery_id,) in inserted}
    for row, fact, effects in added:
        if row.delivery_id in new:
            state = DeliveryState(row.state)
            record_state(effects, row, state, row.reason, causation_id=fact.payment.message_id, now=now)


def _rows(fact: PaymentSeen, attribution: Attribution, decided: EventDecision, now: datetime) -> Iterator[DeliveryRow]:
    payment, conversion = fact.payment, attribution.conversion
    state, reason = initial_state(decided.decision, is_test=payment.test, policy=fact.policy)
    stored = conversion.model_dump(mode="json", exclude_defaults=True)
    # A later event may still name the buyer.
    due_at = now + ENRICHMENT_WAIT if is_nameless(conversion) else now
    for destination in fact.destinations:
        yield DeliveryRow(
            delivery_id=uuid7(),
            tenant_id=payment.tenant_id,
            destination_id=destination.id,
            destination_kind=destination.kind,
            payment_id=payment.payment_id,
            event_name=EVENT_NAME,
            event_id=payment.event_id,
            correlation_id=payment.correlation_id,
            traceparent=fact.traceparent,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            match_method=attribution.match.method,
            match_confidence=attribution.match.confidence,
            click_id=attribution.match.click_id,
            match_tried=attribution.match.tried,
            match_utm=attribution.utm,
            decision_version=decided.version,
            paid_at=payment.occurred_at,
            conversion=stored,
            state=state.value,
            reason=reason,
            due_at=due_at,
            created_at=now,
            settled_at=now if state is DeliveryState.SUPPRESSED else None,
        )


def record_state(
    effects: SideEffects,
    delivery: NewDelivery,
    state: DeliveryState,
    reason: str | None,
    *,
    causation_id: UUID,
    now: datetime,
) -> None:
    """Publish a delivery that became due or was suppressed."""
    if state is DeliveryState.PENDING:
        effects.due.add(delivery.key)
        effects.messages.append(announce(ConversionMatched, delivery, now=now, causation_id=causation_id))
    elif state is DeliveryState.SUPPRESSED:
        message = announce(ConversionSuppressed, delivery, now=now, causation_id=causation_id, reason=reason)
        effects.messages.append(message)
        effects.suppressed.append(delivery.destination_kind)
