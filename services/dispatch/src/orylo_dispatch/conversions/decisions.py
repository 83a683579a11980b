"""The detector's decisions, and the deliveries that wait for one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from orylo_common.clock import Clock
from orylo_common.messages import ConversionMatched, Decision
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.announcements import announce
from orylo_dispatch.conversions.deliveries import record_state
from orylo_dispatch.conversions.facts import DecisionSeen, PaymentSeen
from orylo_dispatch.conversions.new_delivery import DELIVERY_COLUMNS, NewDelivery
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.domain.release import EventDecision, initial_state
from orylo_dispatch.outbox import write_messages

# A payment and its detections share this row. The second to arrive waits for the first to commit, and then sees it. The
# detector's decision with the highest version counts.
UPSERT_DECISIONS = """
    INSERT INTO dispatch.decisions AS d (tenant_id, event_id, decision, version)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[])
        AS seen (tenant_id, event_id, decision, version)
    ORDER BY tenant_id, event_id
    ON CONFLICT (tenant_id, event_id) DO UPDATE
    SET decision = CASE WHEN d.decision IS NULL OR EXCLUDED.version > d.version
                        THEN coalesce(EXCLUDED.decision, d.decision) ELSE d.decision END,
        version = greatest(d.version, EXCLUDED.version)
    RETURNING tenant_id, event_id, decision, version
"""

RELEASE = f"""
    UPDATE dispatch.deliveries AS d
    SET state = decided.state, reason = decided.reason, due_at = greatest(d.due_at, $6::timestamptz),
        settled_at = CASE WHEN decided.state = 'suppressed' THEN $6 END, decision_version = decided.version
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[])
        AS decided (tenant_id, event_id, state, reason, version)
    WHERE d.tenant_id = decided.tenant_id AND d.event_id = decided.event_id AND d.state = 'held'
    RETURNING {DELIVERY_COLUMNS}, d.state, d.reason
"""  # noqa: S608

RELEASE_UNDECIDED = f"""
    UPDATE dispatch.deliveries AS d SET state = 'pending', due_at = $1
    WHERE d.delivery_id IN (
        SELECT delivery_id FROM dispatch.deliveries WHERE state = 'held' AND created_at < $2
        ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    RETURNING {DELIVERY_COLUMNS}
"""  # noqa: S608

# The detector decides within milliseconds. After this time it is down, and a conversion loses value every hour.
LONGEST_HOLD = timedelta(minutes=10)
# The most deliveries that one run releases.
ROWS = 5000

EventKey = tuple[UUID, str]

Decisions = Mapping[EventKey, EventDecision]


async def upsert_decisions(
    connection: Connection, payments: Sequence[PaymentSeen], decisions: Sequence[DecisionSeen]
) -> Decisions:
    """Return the newest decision on each event."""
    seen = {(each.payment.tenant_id, each.payment.event_id): EventDecision(None, 0) for each in payments}
    for each in sorted(decisions, key=lambda decision: decision.version):
        seen[each.tenant_id, each.event_id] = EventDecision(each.decision, each.version)
    if not seen:
        return {}
    rows = await connection.fetch(
        UPSERT_DECISIONS,
        [tenant_id for tenant_id, _ in seen],
        [event_id for _, event_id in seen],
        [decision and decision.value for decision, _ in seen.values()],
        [version for _, version in seen.values()],
    )
    return {
        (tenant_id, event_id): EventDecision(decision and Decision(decision), version)
        for tenant_id, event_id, decision, version in rows
    }


async def release(
    connection: Connection,
    seen: Sequence[tuple[DecisionSeen, SideEffects]],
    decisions: Decisions,
    now: datetime,
) -> None:
    """Release or suppress the deliveries that are held for a decision."""
    if not seen:
        return
    by_event = {(fact.tenant_id, fact.event_id): (fact, effects) for fact, effects in seen}
    states = [
        initial_state(decisions[event].decision, is_test=False, policy=fact.policy)
        for event, (fact, _) in by_event.items()
    ]
    rows = await connection.fetch(
        RELEASE,
        [tenant_id for tenant_id, _ in by_event],
        [event_id for _, event_id in by_event],
        [state.value for state, _ in states],
        [reason for _, reason in states],
        [decisions[event].version for event in by_event],
        now,
    )
    for *columns, state, reason in rows:
        delivery = NewDelivery(*columns)
        fact, effects = by_event[delivery.tenant_id, delivery.event_id]
        record_state(effects, delivery, DeliveryState(state), reason, causation_id=fact.message_id, now=now)


async def release_undecided(connection: Connection, *, clock: Clock) -> None:
    """Release the deliveries that have waited too long for a decision. The outbox sweeper publishes the messages."""
    now = clock.now()
    rows = await connection.fetch(RELEASE_UNDECIDED, now, now - LONGEST_HOLD, ROWS)
    await write_messages(connection, [announce(ConversionMatched, NewDelivery(*row), now=now) for row in rows])
