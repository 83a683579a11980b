"""Payments without a named buyer, and the later events that may name one, in PostgreSQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from orylo_common.messages import PaymentEnriched, PaymentSucceeded
from orylo_common.messages.enrichment import enriched
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.attribution import Attribution, attribute
from orylo_dispatch.conversions.facts import EnrichmentSeen, PaymentSeen
from orylo_dispatch.conversions.new_delivery import DELIVERY_COLUMNS, NewDelivery
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.domain.conversion import ANONYMOUS, EVENT_NAME, is_nameless
from orylo_dispatch.domain.matching import signals_of

# A payment and the later events about it share this row. The second to arrive waits for the first to commit, and then
# sees it. A redelivered message is in the list already.
UPSERT_ENRICHMENTS = """
    INSERT INTO dispatch.enrichments AS e (tenant_id, payment_id, payment, later)
    SELECT tenant_id, payment_id, payment::jsonb, later::jsonb
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS seen (tenant_id, payment_id, payment, later)
    ORDER BY tenant_id, payment_id
    ON CONFLICT (tenant_id, payment_id) DO UPDATE
    SET payment = coalesce(e.payment, EXCLUDED.payment),
        later = CASE WHEN e.later @> EXCLUDED.later THEN e.later ELSE e.later || EXCLUDED.later END
    RETURNING tenant_id, payment_id, payment, later
"""

# Skips deliveries that are being sent: their attempt ends with the conversion that it began with. One that is
# suppressed stays so, but a newer decision may release it.
ENRICH = f"""
    UPDATE dispatch.deliveries AS d
    SET conversion = new.conversion::jsonb, match_method = new.match_method, match_confidence = new.match_confidence,
        click_id = new.click_id, match_tried = new.match_tried, match_utm = new.match_utm,
        state = CASE d.state WHEN 'failed' THEN 'pending' ELSE d.state END, due_at = $10,
        code = NULL, reason = CASE d.state WHEN 'suppressed' THEN d.reason END,
        settled_at = CASE d.state WHEN 'suppressed' THEN d.settled_at END
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::double precision[], $7::text[],
                $8::jsonb[], $9::jsonb[])
        AS new (tenant_id, destination_id, payment_id, conversion, match_method, match_confidence, click_id,
                match_tried, match_utm)
    WHERE d.tenant_id = new.tenant_id AND d.destination_id = new.destination_id AND d.payment_id = new.payment_id
      AND d.event_name = $11
      AND (d.state IN ('held', 'pending') AND d.started_at IS NULL OR d.state = 'suppressed'
           OR d.state = 'failed' AND d.code = '{ANONYMOUS}')
    RETURNING {DELIVERY_COLUMNS}, d.state
"""  # noqa: S608

SELECT_IN_FLIGHT = """
    SELECT DISTINCT tenant_id, payment_id FROM dispatch.deliveries AS d
    JOIN unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
        AS new (tenant_id, destination_id, payment_id, conversion)
    USING (tenant_id, destination_id, payment_id)
    WHERE d.event_name = $5 AND d.state = 'pending' AND d.started_at IS NOT NULL
      AND d.conversion <> new.conversion::jsonb
"""

PaymentKey = tuple[UUID, str]


async def name_buyers(connection: Connection, attributions: Sequence[Attribution]) -> list[Attribution]:
    """Return the attributions; those without a named buyer are made again from later events that are known already."""
    nameless = {_key(each.seen.payment): each.seen for each in attributions if is_nameless(each.conversion)}
    if not nameless:
        return list(attributions)
    known = await _upsert(connection, payments={key: seen.payment for key, seen in nameless.items()}, later={})
    named = [_enriched(nameless[key], later) for key, (_, later) in known.items() if later]
    again = {_key(each.seen.payment): each for each in await attribute(connection, named)} if named else {}
    return [again.get(_key(each.seen.payment), each) for each in attributions]


async def enrich(connection: Connection, seen: Sequence[tuple[EnrichmentSeen, SideEffects]], now: datetime) -> None:
    """Name the buyers of conversions that wait for it, or that failed as anonymous."""
    if not seen:
        return
    facts: dict[PaymentKey, EnrichmentSeen] = {}
    later: defaultdict[PaymentKey, list[PaymentEnriched]] = defaultdict(list)
    effects: defaultdict[PaymentKey, list[SideEffects]] = defaultdict(list)
    for fact, effect in seen:
        key = _key(fact.enrichment)
        facts[key] = fact
        later[key].append(fact.enrichment)
        effects[key].append(effect)
    known = await _upsert(connection, payments={}, later=later)
    named = [
        _enriched(PaymentSeen(payment, signals_of(payment), facts[key].policy, facts[key].destinations), events)
        for key, (payment, events) in known.items()
        if payment is not None
    ]
    # A conversion that is still nameless waits for another event.
    attributions = await attribute(connection, named) if named else ()
    rows = [row for each in attributions if not is_nameless(each.conversion) for row in _rows(each)]
    if not rows:
        return
    columns = list(zip(*rows, strict=True))
    for *values, state in await connection.fetch(ENRICH, *columns, now, EVENT_NAME):
        delivery = NewDelivery(*values)
        if state == DeliveryState.PENDING:
            effects[delivery.tenant_id, delivery.payment_id][0].due.add(delivery.key)
    for tenant_id, payment_id in await connection.fetch(SELECT_IN_FLIGHT, *columns[:4], EVENT_NAME):
        for effect in effects[tenant_id, payment_id]:
            effect.in_flight = True


def _rows(attribution: Attribution) -> list[tuple[Any, ...]]:
    seen, matched, conversion = attribution
    payment, stored = seen.payment, conversion.model_dump_json(exclude_defaults=True)
    return [
        (
            payment.tenant_id,
            destination.id,
            payment.payment_id,
            stored,
            matched.method,
            matched.confidence,
            matched.click_id,
            matched.tried,
            attribution.utm,
        )
        for destination in seen.destinations
    ]


def _enriched(seen: PaymentSeen, later: Sequence[PaymentEnriched]) -> PaymentSeen:
    """Apply the events in the order of their time, whichever order they arrived in."""
    payment = seen.payment
    for event in sorted(later, key=lambda event: (event.occurred_at, event.event_id)):
        payment = enriched(payment, event)
    return replace(seen, payment=payment, signals=signals_of(payment))


async def _upsert(
    connection: Connection,
    *,
    payments: Mapping[PaymentKey, PaymentSucceeded],
    later: Mapping[PaymentKey, Sequence[PaymentEnriched]],
) -> dict[PaymentKey, tuple[PaymentSucceeded | None, list[PaymentEnriched]]]:
    """Record payments and later events. Return all that is known of each payment by now."""
    rows = [
        (
            *key,
            payments[key].model_dump_json(exclude_none=True) if key in payments else None,
            orjson.dumps([event.model_dump(mode="json", exclude_none=True) for event in later.get(key, ())]).decode(),
        )
        for key in payments.keys() | later.keys()
    ]
    return {
        (tenant_id, payment_id): (
            PaymentSucceeded.model_validate(payment) if payment else None,
            [PaymentEnriched.model_validate(event) for event in events],
        )
        for tenant_id, payment_id, payment, events in await connection.fetch(
            UPSERT_ENRICHMENTS, *zip(*rows, strict=True)
        )
    }


def _key(payment: PaymentSucceeded | PaymentEnriched) -> PaymentKey:
    return payment.tenant_id, payment.payment_id
