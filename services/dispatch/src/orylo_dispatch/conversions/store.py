"""Facts in PostgreSQL: many of them in one transaction, each kind in one statement or two."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from orylo_common.clock import Clock
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionMatched, ConversionSuppressed, Decision
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.announcements import INSERT_OUTBOX, announce, outbox_columns
from orylo_dispatch.conversions.attribution import credit
from orylo_dispatch.conversions.clicks import remember_clicks
from orylo_dispatch.conversions.enrichments import enrich, name_buyers
from orylo_dispatch.conversions.facts import (
    DELIVERY_COLUMNS,
    ClickSeen,
    Decided,
    Delivery,
    Effect,
    Enriched,
    Fact,
    Paid,
    RedriveAsked,
    Reversed,
)
from orylo_dispatch.domain.attempt import State
from orylo_dispatch.domain.conversion import EVENT_NAME, is_nameless
from orylo_dispatch.domain.enrichment import PATIENCE

# Payment and detection meet in this row: whoever comes second waits for the first to commit, and then sees it.
MEET = """
    INSERT INTO dispatch.decisions AS d (tenant_id, event_id, decision)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) AS met (tenant_id, event_id, decision)
    ORDER BY tenant_id, event_id
    ON CONFLICT (tenant_id, event_id) DO UPDATE SET decision = coalesce(d.decision, EXCLUDED.decision)
    RETURNING tenant_id, event_id, decision
"""

INSERT_DELIVERIES = """
    INSERT INTO dispatch.deliveries (
        delivery_id, tenant_id, destination_id, destination_kind, payment_id, event_name, event_id, correlation_id,
        traceparent, amount_minor, currency, match_method, match_confidence, click_id, paid_at, conversion, state,
        reason, due_at, created_at, settled_at)
    SELECT delivery_id, tenant_id, destination_id, destination_kind, payment_id, event_name, event_id, correlation_id,
           traceparent, amount_minor, currency, match_method, match_confidence, click_id, paid_at, conversion::jsonb,
           state, reason, due_at, $20::timestamptz, CASE WHEN state = 'suppressed' THEN $20 END
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
                $9::text[], $10::bigint[], $11::text[], $12::text[], $13::double precision[], $14::text[],
                $15::timestamptz[], $16::text[], $17::text[], $18::text[], $19::timestamptz[])
        AS new (delivery_id, tenant_id, destination_id, destination_kind, payment_id, event_name, event_id,
                correlation_id, traceparent, amount_minor, currency, match_method, match_confidence, click_id,
                paid_at, conversion, state, reason, due_at)
    ORDER BY tenant_id, destination_id, payment_id
    ON CONFLICT (tenant_id, destination_id, payment_id, event_name) DO NOTHING
    RETURNING delivery_id
"""

RELEASE = f"""
    UPDATE dispatch.deliveries AS d
    SET state = decided.state, reason = decided.reason, due_at = greatest(d.due_at, $5::timestamptz),
        settled_at = CASE WHEN decided.state = 'suppressed' THEN $5 END
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS decided (tenant_id, event_id, state, reason)
    WHERE d.tenant_id = decided.tenant_id AND d.event_id = decided.event_id AND d.state = 'held'
    RETURNING {DELIVERY_COLUMNS}, d.state, d.reason
"""  # noqa: S608

INSERT_REVERSALS = """
    INSERT INTO dispatch.reversals (tenant_id, event_id, payment_id, type, amount_minor, currency, occurred_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[])
        AS new (tenant_id, event_id)
    ORDER BY tenant_id, event_id
    ON CONFLICT (tenant_id, event_id) DO NOTHING
"""

# What a person asks for outweighs what the attempts before have come to; the same request counts once.
REDRIVE = """
    UPDATE dispatch.deliveries AS d
    SET state = 'pending', due_at = $4, refusals = 0, maybe_sent_at = NULL, code = NULL, reason = NULL,
        settled_at = NULL, redriven_by = asked.message_id
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS asked (tenant_id, delivery_id, message_id)
    WHERE d.tenant_id = asked.tenant_id AND d.delivery_id = asked.delivery_id AND d.state = 'failed'
      AND d.redriven_by IS DISTINCT FROM asked.message_id
    RETURNING d.redriven_by, d.tenant_id, d.destination_id
"""

EventKey = tuple[UUID, str]
OneKind = TypeVar("OneKind", ClickSeen, Paid, Enriched, Decided, Reversed, RedriveAsked)
DELIVERY_VALUES = attrgetter(*(field.name for field in fields(Delivery)))
BLOCKED, TEST = "blocked", "test"


class FactStore:
    """`write` is for a group commit: the transaction is the caller's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def write(self, connection: Connection, facts: Sequence[Fact]) -> list[Effect]:
        """Write all of them; a repeated fact has no effect."""
        now = self._clock.now()
        effects = [Effect() for _ in facts]
        clicks = [fact for fact, _ in _of_kind(ClickSeen, facts, effects)]
        reversals = [fact for fact, _ in _of_kind(Reversed, facts, effects)]
        paid = _of_kind(Paid, facts, effects)
        decided = _of_kind(Decided, facts, effects)
        later = _of_kind(Enriched, facts, effects)
        redrives = _of_kind(RedriveAsked, facts, effects)
        if clicks:
            await remember_clicks(connection, clicks)
        if reversals:
            await _record_reversals(connection, reversals)
        if paid or decided:
            decisions = await _meet(connection, [fact for fact, _ in paid], [fact for fact, _ in decided])
            if paid:
                await _add_deliveries(connection, paid, decisions, now)
            if decided:
                await _release(connection, decided, decisions, now)
        if later:
            await enrich(connection, later, now)
        if redrives:
            await _redrive(connection, redrives, now)
        messages = [message for effect in effects for message in effect.messages]
        if messages:
            await connection.execute(INSERT_OUTBOX, *outbox_columns(messages))
        return effects


def _of_kind(kind: type[OneKind], facts: Sequence[Fact], effects: Sequence[Effect]) -> list[tuple[OneKind, Effect]]:
    return [(fact, effect) for fact, effect in zip(facts, effects, strict=True) if isinstance(fact, kind)]


async def _meet(
    connection: Connection, paid: Sequence[Paid], decided: Sequence[Decided]
) -> dict[EventKey, Decision | None]:
    """The decision that stands for each event; the first one stays."""
    met: dict[EventKey, str | None] = {(fact.payment.tenant_id, fact.payment.event_id): None for fact in paid}
    for fact in reversed(decided):
        met[fact.tenant_id, fact.event_id] = fact.decision.value
    rows = await connection.fetch(
        MEET, [tenant_id for tenant_id, _ in met], [event_id for _, event_id in met], list(met.values())
    )
    return {(tenant_id, event_id): decision and Decision(decision) for tenant_id, event_id, decision in rows}


def _state(decision: Decision | None, *, test: bool, send_blocked: bool) -> tuple[State, str | None]:
    if test:
        return State.SUPPRESSED, TEST
    if decision is None:
        return State.HELD, None
    if decision is Decision.BLOCK and not send_blocked:
        return State.SUPPRESSED, BLOCKED
    return State.PENDING, None


async def _add_deliveries(
    connection: Connection,
    paid: Sequence[tuple[Paid, Effect]],
    decisions: dict[EventKey, Decision | None],
    now: datetime,
) -> None:
    credited = await name_buyers(connection, await credit(connection, [fact for fact, _ in paid]))
    rows, made = [], []
    for (fact, effect), (_, matched, conversion) in zip(paid, credited, strict=True):
        payment = fact.payment
        told = conversion.model_dump_json(exclude_defaults=True)
        # A later event may still name the buyer.
        due_at = now + PATIENCE if is_nameless(conversion) else now
        state, reason = _state(
            decisions[payment.tenant_id, payment.event_id], test=payment.test, send_blocked=fact.policy.send_blocked
        )
        for destination in fact.destinations:
            delivery = Delivery(
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
                match_method=matched.method,
                match_confidence=matched.confidence,
                click_id=matched.click_id,
            )
            rows.append((*DELIVERY_VALUES(delivery), payment.occurred_at, told, state.value, reason, due_at))
            made.append((delivery, state, reason, payment.message_id, effect))
    inserted = {row[0] for row in await connection.fetch(INSERT_DELIVERIES, *zip(*rows, strict=True), now)}
    for delivery, state, reason, causation_id, effect in made:
        if delivery.delivery_id in inserted:
            _note(effect, delivery, state, reason, causation_id, now)


async def _release(
    connection: Connection,
    decided: Sequence[tuple[Decided, Effect]],
    decisions: dict[EventKey, Decision | None],
    now: datetime,
) -> None:
    by_event = {(fact.tenant_id, fact.event_id): (fact, effect) for fact, effect in decided}
    states = [
        _state(decisions[event], test=False, send_blocked=fact.send_blocked) for event, (fact, _) in by_event.items()
    ]
    rows = await connection.fetch(
        RELEASE,
        [tenant_id for tenant_id, _ in by_event],
        [event_id for _, event_id in by_event],
        [state.value for state, _ in states],
        [reason for _, reason in states],
        now,
    )
    for *columns, state, reason in rows:
        delivery = Delivery(*columns)
        fact, effect = by_event[delivery.tenant_id, delivery.event_id]
        _note(effect, delivery, State(state), reason, fact.message_id, now)


def _note(
    effect: Effect, delivery: Delivery, state: State, reason: str | None, causation_id: UUID, now: datetime
) -> None:
    if state is State.PENDING:
        effect.due.add(delivery.key)
        effect.messages.append(announce(ConversionMatched, delivery, now=now, causation_id=causation_id))
    elif state is State.SUPPRESSED:
        message = announce(ConversionSuppressed, delivery, now=now, causation_id=causation_id, reason=reason)
        effect.messages.append(message)
        effect.suppressed.append(delivery.destination_kind)


async def _record_reversals(connection: Connection, reversals: Sequence[Reversed]) -> None:
    rows = [
        (each.tenant_id, each.event_id, each.payment_id, each.type, each.amount_minor, each.currency, each.occurred_at)
        for each in reversals
    ]
    await connection.execute(INSERT_REVERSALS, *zip(*rows, strict=True))


async def _redrive(connection: Connection, redrives: Sequence[tuple[RedriveAsked, Effect]], now: datetime) -> None:
    by_message = {fact.message_id: (fact, effect) for fact, effect in redrives}
    rows = await connection.fetch(
        REDRIVE,
        [fact.tenant_id for fact, _ in by_message.values()],
        [fact.delivery_id for fact, _ in by_message.values()],
        list(by_message),
        now,
    )
    for message_id, tenant_id, destination_id in rows:
        by_message[message_id][1].due.add((tenant_id, destination_id))
