"""Payments that name no buyer, and the later events that may, in PostgreSQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import orjson

from orylo_common.messages import PaymentEnriched, PaymentSucceeded
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.attribution import Credited, credit
from orylo_dispatch.conversions.facts import DELIVERY_COLUMNS, Delivery, Effect, Enriched, Paid
from orylo_dispatch.domain.attempt import State
from orylo_dispatch.domain.conversion import ANONYMOUS, EVENT_NAME, is_nameless
from orylo_dispatch.domain.enrichment import enriched
from orylo_dispatch.domain.matching import traces_of

# All meet in this row: whoever comes second waits for the first to commit, and then sees it. A message that comes
# again stands in the list already.
MEET = """
    INSERT INTO dispatch.enrichments AS e (tenant_id, payment_id, payment, later)
    SELECT tenant_id, payment_id, payment::jsonb, later::jsonb
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS met (tenant_id, payment_id, payment, later)
    ORDER BY tenant_id, payment_id
    ON CONFLICT (tenant_id, payment_id) DO UPDATE
    SET payment = coalesce(e.payment, EXCLUDED.payment),
        later = CASE WHEN e.later @> EXCLUDED.later THEN e.later ELSE e.later || EXCLUDED.later END
    RETURNING tenant_id, payment_id, payment, later
"""

# All but what is being sent at this moment: that attempt ends by the conversion that it was given.
ENRICH = f"""
    UPDATE dispatch.deliveries AS d
    SET conversion = new.conversion::jsonb, match_method = new.match_method, match_confidence = new.match_confidence,
        click_id = new.click_id, state = CASE d.state WHEN 'failed' THEN 'pending' ELSE d.state END, due_at = $8,
        code = NULL, reason = NULL, settled_at = NULL
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::double precision[], $7::text[])
        AS new (tenant_id, destination_id, payment_id, conversion, match_method, match_confidence, click_id)
    WHERE d.tenant_id = new.tenant_id AND d.destination_id = new.destination_id AND d.payment_id = new.payment_id
      AND d.event_name = $9
      AND (d.state IN ('held', 'pending') AND d.started_at IS NULL OR d.state = 'failed' AND d.code = '{ANONYMOUS}')
    RETURNING {DELIVERY_COLUMNS}, d.state
"""  # noqa: S608

SELECT_MISSED = """
    SELECT DISTINCT tenant_id, payment_id FROM dispatch.deliveries AS d
    JOIN unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
        AS new (tenant_id, destination_id, payment_id, conversion)
    USING (tenant_id, destination_id, payment_id)
    WHERE d.event_name = $5 AND d.state = 'pending' AND d.started_at IS NOT NULL
      AND d.conversion <> new.conversion::jsonb
"""

PaymentKey = tuple[UUID, str]


async def name_buyers(connection: Connection, credited: Sequence[Credited]) -> list[Credited]:
    """Each as it is, or, where that names nobody, with what later events have already told."""
    nameless = {_key(each.paid.payment): each.paid for each in credited if is_nameless(each.conversion)}
    if not nameless:
        return list(credited)
    met = await _meet(connection, payments={key: paid.payment for key, paid in nameless.items()}, later={})
    named = [_named(nameless[key], later) for key, (_, later) in met.items() if later]
    again = {_key(each.paid.payment): each for each in await credit(connection, named)} if named else {}
    return [again.get(_key(each.paid.payment), each) for each in credited]


async def enrich(connection: Connection, asked: Sequence[tuple[Enriched, Effect]], now: datetime) -> None:
    """Name the buyers of what waits for that, or was given up for want of it."""
    facts: dict[PaymentKey, Enriched] = {}
    told: defaultdict[PaymentKey, list[PaymentEnriched]] = defaultdict(list)
    effects: defaultdict[PaymentKey, list[Effect]] = defaultdict(list)
    for fact, effect in asked:
        key = _key(fact.later)
        facts[key] = fact
        told[key].append(fact.later)
        effects[key].append(effect)
    named = [
        _named(Paid(payment, traces_of(payment), facts[key].policy, facts[key].destinations), later)
        for key, (payment, later) in (await _meet(connection, payments={}, later=told)).items()
        if payment is not None
    ]
    rows = [
        (
            paid.payment.tenant_id,
            destination.id,
            paid.payment.payment_id,
            conversion.model_dump_json(exclude_defaults=True),
            matched.method,
            matched.confidence,
            matched.click_id,
        )
        for paid, matched, conversion in (await credit(connection, named) if named else ())
        # What still names nobody goes on waiting for another event.
        if not is_nameless(conversion)
        for destination in paid.destinations
    ]
    if not rows:
        return
    columns = list(zip(*rows, strict=True))
    for *delivered, state in await connection.fetch(ENRICH, *columns, now, EVENT_NAME):
        delivery = Delivery(*delivered)
        if state == State.PENDING:
            effects[delivery.tenant_id, delivery.payment_id][0].due.add(delivery.key)
    for tenant_id, payment_id in await connection.fetch(SELECT_MISSED, *columns[:4], EVENT_NAME):
        for effect in effects[tenant_id, payment_id]:
            effect.in_hand = True


def _named(paid: Paid, later: Sequence[PaymentEnriched]) -> Paid:
    """By all of them in one order, whichever they came in."""
    payment = paid.payment
    for each in sorted(later, key=lambda told: (told.occurred_at, told.event_id)):
        payment = enriched(payment, each)
    return replace(paid, payment=payment, traces=traces_of(payment))


async def _meet(
    connection: Connection,
    *,
    payments: Mapping[PaymentKey, PaymentSucceeded],
    later: Mapping[PaymentKey, Sequence[PaymentEnriched]],
) -> dict[PaymentKey, tuple[PaymentSucceeded | None, list[PaymentEnriched]]]:
    """What is known of each by now."""
    rows = [
        (
            *key,
            payments[key].model_dump_json(exclude_none=True) if key in payments else None,
            orjson.dumps([told.model_dump(mode="json", exclude_none=True) for told in later.get(key, ())]).decode(),
        )
        for key in payments.keys() | later.keys()
    ]
    return {
        (tenant_id, payment_id): (
            PaymentSucceeded.model_validate(payment) if payment else None,
            [PaymentEnriched.model_validate(each) for each in told],
        )
        for tenant_id, payment_id, payment, told in await connection.fetch(MEET, *zip(*rows, strict=True))
    }


def _key(payment: PaymentSucceeded | PaymentEnriched) -> PaymentKey:
    return payment.tenant_id, payment.payment_id
