"""Snoozes: a rule does not apply to one customer until a certain time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.rules import UnknownRule, find_rule
from orylo_common.postgres.pool import Connection

# An expired snooze is replaced by the next one, or deleted with its rule's next snooze.
UPSERT_SNOOZE = """
    WITH expired AS (
        DELETE FROM control.rule_snoozes
        WHERE tenant_id = $1 AND rule_id = $2 AND customer_id <> $3 AND until < now() - interval '30 days'
    )
    INSERT INTO control.rule_snoozes (tenant_id, rule_id, customer_id, until, reason, author)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (rule_id, customer_id) DO UPDATE
    SET until = EXCLUDED.until, reason = EXCLUDED.reason, author = EXCLUDED.author, created_at = now()
    RETURNING customer_id, until, reason, author, created_at
"""
DELETE_SNOOZE = """
    DELETE FROM control.rule_snoozes WHERE tenant_id = $1 AND rule_id = $2 AND customer_id = $3 RETURNING until
"""
SELECT_SNOOZES = """
    SELECT customer_id, until, reason, author, created_at FROM control.rule_snoozes
    WHERE tenant_id = $1 AND rule_id = $2 AND until > now() ORDER BY until, customer_id LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class RuleSnooze:
    customer_id: str
    until: datetime
    reason: str
    author: str
    created_at: datetime


async def snooze_rule(
    connection: Connection,
    tenant_id: UUID,
    rule_id: UUID,
    customer_id: str,
    *,
    until: datetime,
    reason: str,
    actor: Actor,
) -> RuleSnooze:
    """Do not apply the rule to the customer's payments until `until`. Replaces an earlier snooze.

    Raises `UnknownRule`.
    """
    rule = (await find_rule(connection, tenant_id, str(rule_id))).rule
    [row] = await connection.fetch(UPSERT_SNOOZE, tenant_id, rule_id, customer_id, until, reason, actor.name)
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="rule.snooze",
        subject=f"rule {rule.name}",
        after={"customer_id": customer_id, "until": until.isoformat(), "reason": reason},
    )
    return RuleSnooze(**row)


async def end_snooze(connection: Connection, tenant_id: UUID, rule_id: UUID, customer_id: str, *, actor: Actor) -> None:
    """Apply the rule to the customer again. Raises `UnknownRule`, also if it was not snoozed."""
    rule = (await find_rule(connection, tenant_id, str(rule_id))).rule
    until = await connection.fetchval(DELETE_SNOOZE, tenant_id, rule_id, customer_id)
    if until is None:
        raise UnknownRule(f"the rule {rule.name!r} is not snoozed for {customer_id}")
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="rule.snooze_end",
        subject=f"rule {rule.name}",
        before={"customer_id": customer_id, "until": until.isoformat()},
    )


async def list_snoozes(connection: Connection, tenant_id: UUID, rule_id: UUID) -> list[RuleSnooze]:
    """Return a rule's snoozes that have not ended, the next to end first, at most 1,000."""
    return [RuleSnooze(**row) for row in await connection.fetch(SELECT_SNOOZES, tenant_id, rule_id)]
