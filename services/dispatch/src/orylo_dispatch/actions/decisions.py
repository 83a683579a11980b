"""Decisions that ask for an action, or withdraw one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_common.messages import ProviderAction
from orylo_common.postgres.pool import Connection
from orylo_dispatch.actions.facts import ActionDecided, Seen
from orylo_dispatch.actions.rows import RETURNED, announced
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.domain.action import CAPTURED, DISPUTED, LIFTED, NOT_ASKED, REASONS, action_id, withdrawal_of
from orylo_dispatch.domain.attempt import DeliveryState

# Locks the payment until the commit, so that concurrent decisions on it are applied one after another.
UPSERT_VERSIONS = """
    INSERT INTO dispatch.action_decisions AS stored (tenant_id, payment_id, version)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[]) AS seen (tenant_id, payment_id, version)
    ORDER BY tenant_id, payment_id
    ON CONFLICT (tenant_id, payment_id) DO UPDATE SET version = greatest(stored.version, EXCLUDED.version)
    RETURNING tenant_id, payment_id, version
"""

# An action that was carried out, or may have been, cannot be undone: it is marked. Skips one in progress, but not one
# whose claim has expired, because a disabled destination may never be claimed from again.
WITHDRAW = f"""
    UPDATE dispatch.provider_actions AS d
    SET decision_version = new.version, revision = d.revision + 2,
        contradiction = CASE
            WHEN new.code = '{LIFTED}'
             AND (d.state = 'dispatched' OR d.maybe_sent_at IS NOT NULL OR d.started_at IS NOT NULL)
            THEN new.code ELSE d.contradiction
        END,
        state = CASE d.state WHEN 'dispatched' THEN d.state ELSE 'suppressed' END,
        code = CASE d.state WHEN 'dispatched' THEN d.code ELSE new.code END,
        reason = CASE d.state WHEN 'dispatched' THEN d.reason ELSE new.reason END,
        settled_at = coalesce(d.settled_at, $7), maybe_sent_at = coalesce(d.maybe_sent_at, d.started_at),
        started_at = NULL
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[])
        AS new (tenant_id, payment_id, wanted, code, reason, version)
    WHERE d.tenant_id = new.tenant_id AND d.payment_id = new.payment_id AND d.action IS DISTINCT FROM new.wanted
      AND d.decision_version <= new.version AND (d.started_at IS NULL OR d.due_at <= $7)
      AND (d.state IN ('pending', 'failed')
           OR d.state = 'dispatched' AND new.code = '{LIFTED}' AND d.contradiction IS NULL)
    RETURNING {RETURNED}
"""  # noqa: S608

SELECT_IN_FLIGHT = """
    SELECT d.tenant_id, d.payment_id FROM dispatch.provider_actions AS d
    JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS new (tenant_id, payment_id, wanted)
    USING (tenant_id, payment_id)
    WHERE d.action IS DISTINCT FROM new.wanted AND d.state = 'pending' AND d.started_at IS NOT NULL AND d.due_at > $4
"""

# An action that was withdrawn is asked for again. One that contradicted a decision no longer does.
REQUEST = f"""
    INSERT INTO dispatch.provider_actions AS d
        (delivery_id, tenant_id, payment_id, action, destination_id, destination_kind, correlation_id, traceparent,
         paid_at, amount_minor, currency, livemode, detection_id, decision_version, decided_by, due_at, created_at,
         state, code, reason, settled_at)
    SELECT asked.*, $17, prevented.state, prevented.code, prevented.reason, prevented.settled_at
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[],
                $9::timestamptz[], $10::bigint[], $11::text[], $12::boolean[], $13::uuid[], $14::integer[],
                $15::text[], $16::timestamptz[])
        AS asked (delivery_id, tenant_id, payment_id, action)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN disputed THEN 'suppressed' ELSE 'pending' END AS state,
               CASE WHEN disputed THEN '{DISPUTED}' END AS code,
               CASE WHEN disputed THEN '{REASONS[DISPUTED]}' END AS reason,
               CASE WHEN disputed THEN $17::timestamptz END AS settled_at
        FROM (
            SELECT EXISTS (
                SELECT FROM dispatch.reversals AS r
                WHERE r.tenant_id = asked.tenant_id AND r.payment_id = asked.payment_id AND r.type LIKE 'dispute.%'
            ) AS disputed
        ) AS known
    ) AS prevented
    ORDER BY delivery_id
    ON CONFLICT (tenant_id, payment_id, action) DO UPDATE
    SET decision_version = EXCLUDED.decision_version, detection_id = EXCLUDED.detection_id,
        decided_by = EXCLUDED.decided_by, contradiction = NULL, revision = d.revision + 2,
        state = CASE d.state WHEN 'suppressed' THEN EXCLUDED.state ELSE d.state END,
        code = CASE d.state WHEN 'suppressed' THEN EXCLUDED.code ELSE d.code END,
        reason = CASE d.state WHEN 'suppressed' THEN EXCLUDED.reason ELSE d.reason END,
        due_at = CASE d.state WHEN 'suppressed' THEN EXCLUDED.due_at ELSE d.due_at END,
        settled_at = CASE d.state WHEN 'suppressed' THEN EXCLUDED.settled_at ELSE d.settled_at END
    WHERE EXCLUDED.decision_version > d.decision_version
      AND (d.state = 'suppressed' AND d.code IN ('{LIFTED}', '{NOT_ASKED}', '{CAPTURED}')
           OR d.contradiction IS NOT NULL)
    RETURNING {RETURNED}
"""  # noqa: S608

PaymentKey = tuple[UUID, str]


async def apply_decisions(connection: Connection, seen: Seen, now: datetime) -> None:
    """Apply the newest decision on each payment. An older one that arrives later has no effect."""
    newest = await _newest(connection, seen)
    if not newest:
        return
    columns = list(zip(*(_withdrawal(fact) for fact, _ in newest.values()), strict=True))
    await _record(connection, WITHDRAW, [*columns, now], newest, now)
    for tenant_id, payment_id in await connection.fetch(SELECT_IN_FLIGHT, *columns[:3], now):
        newest[tenant_id, payment_id][1].in_flight = True
    if asked := [_request(fact, fact.action, now) for fact, _ in newest.values() if fact.action]:
        await _record(connection, REQUEST, [*zip(*asked, strict=True), now], newest, now)


async def _newest(connection: Connection, seen: Seen) -> dict[PaymentKey, tuple[ActionDecided, SideEffects]]:
    """Return the facts that are about the newest decision on their payment."""
    by_payment = {
        fact.payment_key: (fact, effects) for fact, effects in sorted(seen, key=lambda pair: pair[0].decided.version)
    }
    if not by_payment:
        return {}
    rows = [(*key, fact.decided.version) for key, (fact, _) in by_payment.items()]
    stored = await connection.fetch(UPSERT_VERSIONS, *zip(*rows, strict=True))
    return {
        (tenant_id, payment_id): by_payment[tenant_id, payment_id]
        for tenant_id, payment_id, version in stored
        if version == by_payment[tenant_id, payment_id][0].decided.version
    }


async def _record(
    connection: Connection,
    statement: str,
    arguments: Sequence[Any],
    newest: dict[PaymentKey, tuple[ActionDecided, SideEffects]],
    now: datetime,
) -> None:
    for values in await connection.fetch(statement, *arguments):
        row, message = announced(values, now)
        _, effects = newest[row.tenant_id, row.payment_id]
        effects.messages.append(message)
        if values["state"] == DeliveryState.PENDING:
            effects.due.add(row.key)


def _withdrawal(fact: ActionDecided) -> tuple[UUID, str, str | None, str, str, int]:
    code = withdrawal_of(fact.decided)
    return (*fact.payment_key, fact.action, code, REASONS[code], fact.decided.version)


def _request(fact: ActionDecided, action: ProviderAction, now: datetime) -> tuple[Any, ...]:
    decided = fact.decided
    return (
        action_id(decided.tenant_id, decided.payment_id, action),
        decided.tenant_id,
        decided.payment_id,
        action,
        fact.destination_id,
        fact.destination_kind,
        fact.correlation_id,
        fact.traceparent,
        decided.occurred_at,
        decided.amount_minor,
        decided.currency,
        decided.livemode,
        decided.detection_id,
        decided.version,
        decided.decided_by,
        now + fact.wait,
    )
