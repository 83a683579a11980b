"""Tenants' rules: create, change, restore an earlier version. A rule that does not compile is not stored.

The only module of the control plane that imports the rules' engine: services that store or evaluate rules import it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection
from orylo_rules import Rule, RuleDraft, RuleProblem, check

# In shadow or on. They share one time limit per payment.
MAX_ACTIVE = 100
# Also those that are off: a list of rules is not paged.
MAX_STORED = 1000

SELECT_RULES = """
    SELECT id, version, name, expression, action, priority, mode, created_at, updated_at
    FROM control.rules WHERE tenant_id = $1 ORDER BY priority DESC, name
"""
SELECT_RULE = """
    SELECT id, version, name, expression, action, priority, mode, created_at, updated_at
    FROM control.rules WHERE tenant_id = $1 AND (id::text = $2 OR name = $2) ORDER BY id::text = $2 DESC LIMIT 1
"""
SELECT_RULE_FOR_UPDATE = f"{SELECT_RULE} FOR UPDATE"
# One writer at a time for each tenant, so that no two of them exceed the number of rules.
LOCK_TENANT = "SELECT pg_advisory_xact_lock(hashtext('control.rules'), hashtext($1::text))"
COUNT_OTHERS = """
    SELECT count(*) AS stored, count(*) FILTER (WHERE mode <> 'off') AS active
    FROM control.rules WHERE tenant_id = $1 AND id <> $2
"""
INSERT_RULE = """
    INSERT INTO control.rules (tenant_id, id, version, name, expression, action, priority, mode)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
UPDATE_RULE = """
    UPDATE control.rules
    SET version = $3, name = $4, expression = $5, action = $6, priority = $7, mode = $8, updated_at = now()
    WHERE tenant_id = $1 AND id = $2
"""
INSERT_VERSION = """
    INSERT INTO control.rule_versions (tenant_id, rule_id, version, draft, author) VALUES ($1, $2, $3, $4, $5)
"""
SELECT_VERSIONS = """
    SELECT version, draft, author, created_at FROM control.rule_versions
    WHERE tenant_id = $1 AND rule_id = $2 ORDER BY version DESC LIMIT 500
"""
SELECT_DRAFT = "SELECT draft FROM control.rule_versions WHERE tenant_id = $1 AND rule_id = $2 AND version = $3"


class UnknownRule(InvalidChange):
    """The tenant has no such rule, or the rule no such version."""


class RuleConflict(InvalidChange):
    """Another rule has the name, another change came first, or there are too many rules."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class InvalidRule(InvalidChange):
    """The rule cannot be saved. `problems` have the place of each mistake in the expression."""

    def __init__(self, problems: list[RuleProblem]) -> None:
        lines = [f"line {each.line}, column {each.column}: {each.message}" for each in problems]
        super().__init__("\n".join(["the rule is not saved:", *lines]))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class StoredRule:
    rule: Rule
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule, and who made it when."""

    version: int
    draft: RuleDraft
    author: str
    created_at: datetime


async def list_rules(connection: Connection, tenant_id: UUID) -> list[StoredRule]:
    """Return a tenant's rules, highest priority first."""
    return [_stored(row) for row in await connection.fetch(SELECT_RULES, tenant_id)]


async def find_rule(connection: Connection, tenant_id: UUID, rule: str, *, for_update: bool = False) -> StoredRule:
    """Return a rule by its id or its name. Raises `UnknownRule`."""
    row = await connection.fetchrow(SELECT_RULE_FOR_UPDATE if for_update else SELECT_RULE, tenant_id, rule)
    if row is None:
        raise UnknownRule(f"the tenant has no rule {rule!r}")
    return _stored(row)


async def list_versions(connection: Connection, tenant_id: UUID, rule_id: UUID) -> list[RuleVersion]:
    """Return the versions of a rule, newest first, at most 500."""
    rows = await connection.fetch(SELECT_VERSIONS, tenant_id, rule_id)
    return [
        RuleVersion(row["version"], RuleDraft.model_validate(row["draft"]), row["author"], row["created_at"])
        for row in rows
    ]


async def create_rule(connection: Connection, tenant_id: UUID, draft: RuleDraft, *, actor: Actor) -> StoredRule:
    """Store version 1 of a new rule. Raises `InvalidRule` and `RuleConflict`."""
    _check(draft)
    rule = Rule(id=uuid7(), version=1, **draft.model_dump())
    await _write(connection, INSERT_RULE, tenant_id, rule, actor)
    await write_audit_line(
        connection, tenant_id, actor, action="rule.create", subject=_subject(rule), after=_audited(rule)
    )
    return await find_rule(connection, tenant_id, str(rule.id))


async def change_rule(
    connection: Connection, tenant_id: UUID, rule_id: UUID, draft: RuleDraft, *, version: int, actor: Actor
) -> StoredRule:
    """Store `draft` as the version after `version`, which must be the current one.

    Raises `UnknownRule`, `InvalidRule` and `RuleConflict`.
    """
    _check(draft)
    return await _replace(connection, tenant_id, rule_id, draft, version=version, actor=actor, action="rule.change")


async def restore_rule(
    connection: Connection, tenant_id: UUID, rule_id: UUID, *, restored: int, version: int, actor: Actor
) -> StoredRule:
    """Store the version `restored` again, as the one after `version`, which must be the current one.

    The mode stays as it is. Raises `UnknownRule`, `InvalidRule` and `RuleConflict`.
    """
    current = await find_rule(connection, tenant_id, str(rule_id))
    stored = await connection.fetchval(SELECT_DRAFT, tenant_id, rule_id, restored)
    if stored is None:
        raise UnknownRule(f"the rule {current.rule.name!r} has no version {restored}")
    draft = RuleDraft.model_validate(stored | {"mode": current.rule.mode})
    # A field that the version reads may no longer exist.
    _check(draft)
    return await _replace(connection, tenant_id, rule_id, draft, version=version, actor=actor, action="rule.restore")


async def _replace(
    connection: Connection, tenant_id: UUID, rule_id: UUID, draft: RuleDraft, *, version: int, actor: Actor, action: str
) -> StoredRule:
    await connection.execute(LOCK_TENANT, str(tenant_id))
    before = (await find_rule(connection, tenant_id, str(rule_id), for_update=True)).rule
    if before.version != version:
        text = f"the rule {before.name!r} was changed: its version is {before.version}, not {version}"
        raise RuleConflict(text, "version_conflict")
    after = Rule(id=before.id, version=version + 1, **draft.model_dump())
    await _write(connection, UPDATE_RULE, tenant_id, after, actor)
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action=action,
        subject=_subject(before),
        before=_audited(before),
        after=_audited(after),
    )
    return await find_rule(connection, tenant_id, str(rule_id))


async def _write(connection: Connection, statement: str, tenant_id: UUID, rule: Rule, actor: Actor) -> None:
    await connection.execute(LOCK_TENANT, str(tenant_id))
    [others] = await connection.fetch(COUNT_OTHERS, tenant_id, rule.id)
    if others["stored"] >= MAX_STORED:
        raise RuleConflict(f"the tenant already has {MAX_STORED} rules: change one", "too_many_rules")
    if rule.mode != "off" and others["active"] >= MAX_ACTIVE:
        text = f"the tenant already has {MAX_ACTIVE} rules that are on or in shadow: switch one off"
        raise RuleConflict(text, "too_many_rules")
    draft = rule.draft().model_dump(mode="json")
    try:
        async with connection.transaction():
            await connection.execute(
                statement,
                tenant_id,
                rule.id,
                rule.version,
                rule.name,
                rule.expression,
                draft["action"],
                rule.priority,
                rule.mode,
            )
    except asyncpg.UniqueViolationError:
        raise RuleConflict(f"the tenant already has a rule {rule.name!r}", "name_taken") from None
    await connection.execute(INSERT_VERSION, tenant_id, rule.id, rule.version, draft, actor.name)


def _check(draft: RuleDraft) -> None:
    if problems := check(draft.expression):
        raise InvalidRule(problems)


def _stored(row: asyncpg.Record) -> StoredRule:
    values: dict[str, Any] = dict(row)
    # asyncpg's subclass: orjson does not know it.
    values["id"] = UUID(int=values["id"].int)
    created_at, updated_at = values.pop("created_at"), values.pop("updated_at")
    return StoredRule(Rule.model_validate(values), created_at, updated_at)


def _subject(rule: Rule) -> str:
    return f"rule {rule.name}"


def _audited(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(mode="json")
