"""New deliveries: one for each payment and destination."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from orylo_common.control import Destination
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionMatched, ConversionSuppressed, Decision
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.announcements import announce
from orylo_dispatch.conversions.attribution import Attribution, attribute
from orylo_dispatch.conversions.enrichments import name_buyers
from orylo_dispatch.conversions.facts import PaymentSeen, SideEffects
from orylo_dispatch.conversions.new_delivery import DELIVERY_NAMES, DELIVERY_VALUES, NewDelivery
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.domain.conversion import EVENT_NAME, is_nameless
from orylo_dispatch.domain.enrichment import ENRICHMENT_WAIT
from orylo_dispatch.domain.release import initial_state

INSERT_DELIVERIES = f"""
    INSERT INTO dispatch.deliveries ({DELIVERY_NAMES}, paid_at, conversion, state, reason, due_at, created_at,
                                     settled_at)
    SELECT {DELIVERY_NAMES}, paid_at, conversion::jsonb, state, reason, due_at, $20::timestamptz,
           CASE WHEN state = 'suppressed' THEN $20 END
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
                $9::text[], $10::bigint[], $11::text[], $12::text[], $13::double precision[], $14::text[],
                $15::timestamptz[], $16::text[], $17::text[], $18::text[], $19::timestamptz[])
        AS new ({DELIVERY_NAMES}, paid_at, conversion, state, reason, due_at)
    ORDER BY tenant_id, destination_id, payment_id
    ON CONFLICT (tenant_id, destination_id, payment_id, event_name) DO NOTHING
    RETURNING delivery_id
"""  # noqa: S608


async def add_deliveries(
    connection: Connection,
    seen: Sequence[tuple[PaymentSeen, SideEffects]],
    decisions: Mapping[tuple[UUID, str], Decision | None],
    now: datetime,
) -> None:
    """Add a delivery for each payment and destination that has none yet."""
    if not seen:
        return
    attributions = await name_buyers(connection, await attribute(connection, [fact for fact, _ in seen]))
    rows, made = [], []
    for (fact, effects), attribution in zip(seen, attributions, strict=True):
        payment, conversion = fact.payment, attribution.conversion
        state, reason = initial_state(
            decisions[payment.tenant_id, payment.event_id], is_test=payment.test, policy=fact.policy
        )
        stored = conversion.model_dump_json(exclude_defaults=True)
        # A later event may still name the buyer.
        due_at = now + ENRICHMENT_WAIT if is_nameless(conversion) else now
        for destination in fact.destinations:
            delivery = _new_delivery(fact, attribution, destination)
            rows.append((*DELIVERY_VALUES(delivery), payment.occurred_at, stored, state.value, reason, due_at))
            made.append((delivery, state, reason, payment.message_id, effects))
    inserted = {row[0] for row in await connection.fetch(INSERT_DELIVERIES, *zip(*rows, strict=True), now)}
    for delivery, state, reason, causation_id, effects in made:
        if delivery.delivery_id in inserted:
            record_state(effects, delivery, state, reason, causation_id=causation_id, now=now)


def _new_delivery(fact: PaymentSeen, attribution: Attribution, destination: Destination) -> NewDelivery:
    payment = fact.payment
    return NewDelivery(
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
