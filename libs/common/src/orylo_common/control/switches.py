"""Switches: stop webhooks, stop sending, maintenance. Each for the platform or a tenant, until a time or for good.

Nothing is lost behind a switch: gateways repeat webhooks that get a 503, and conversions wait.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.postgres.pool import Connection

# The whole platform, in place of a tenant; also in the audit log.
PLATFORM = UUID(int=0)
# Longer ones are more likely a slip than a plan.
LONGEST = timedelta(days=366)

SELECT_SWITCHES = "SELECT tenant_id, name, target, message, author, since, until FROM control.switches"
SELECT_OF_TENANT = f"{SELECT_SWITCHES} WHERE tenant_id = ANY ($1) ORDER BY name, target, tenant_id"
SELECT_SWITCH = f"{SELECT_SWITCHES} WHERE tenant_id = $1 AND name = $2 AND target = $3 FOR UPDATE"
# A switch that is changed while it is on stays on since then.
UPSERT_SWITCH = """
    INSERT INTO control.switches AS s (tenant_id, name, target, message, author, since, until)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (tenant_id, name, target) DO UPDATE
    SET message = EXCLUDED.message, author = EXCLUDED.author, until = EXCLUDED.until,
        since = CASE WHEN s.until <= EXCLUDED.since THEN EXCLUDED.since ELSE s.since END
"""
DELETE_SWITCH = "DELETE FROM control.switches WHERE tenant_id = $1 AND name = $2 AND target = $3"


class SwitchName(StrEnum):
    STOP_WEBHOOKS = "stop_webhooks"
    STOP_SENDING = "stop_sending"
    MAINTENANCE = "maintenance"


# What each does while it is on, for people.
EFFECTS: Mapping[SwitchName, str] = {
    SwitchName.STOP_WEBHOOKS: "Webhooks get 503 with Retry-After and are not stored. The gateways send them again.",
    SwitchName.STOP_SENDING: "Nothing is sent to destinations. Conversions and actions wait, and are sent once it "
    "is off: to Meta, conversions of the last seven days.",
    SwitchName.MAINTENANCE: "The API refuses changes with 503 and the message. Reading goes on, and so do webhooks, "
    "decisions and conversions.",
}
# How long each gateway repeats a webhook that got a 503, as far as it says. Stripe: docs.stripe.com/webhooks; the
# others publish no schedule.
RETRIES: Mapping[str, str] = {
    "stripe": "Stripe repeats for up to 3 days, at growing intervals (in test mode 3 times over a few hours), and can "
    "list its events of the last 30 days.",
    "hotmart": "Hotmart repeats, but publishes no schedule. Its panel keeps 60 days and can send each again. It may "
    "switch off a URL that fails repeatedly: check it afterwards.",
    "kiwify": "Kiwify repeats, but publishes no schedule. Check its panel afterwards, and send again what failed.",
    "perfectpay": "PerfectPay does not say whether it repeats. Check its panel afterwards, and send again what failed.",
}


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch that is on. `target` is a gateway, a destination's id, or empty for all. `tenant_id` may be PLATFORM."""

    tenant_id: UUID
    name: SwitchName
    target: str
    message: str
    author: str
    since: datetime
    until: datetime | None = None

    def applies(self, now: datetime) -> bool:
        return self.until is None or now < self.until

    def retry_after(self, now: datetime, otherwise: timedelta) -> timedelta:
        """Return how long a client should wait: until the switch ends, but no longer than `otherwise`."""
        return otherwise if self.until is None else min(otherwise, self.until - now)


def switch_for(
    switches: Iterable[Switch], name: SwitchName, tenant_id: UUID, target: str, now: datetime
) -> Switch | None:
    """Return the switch that stops `target` of a tenant now: its own, or the platform's."""
    return next(
        (
            each
            for each in switches
            if each.name is name
            and each.tenant_id in (tenant_id, PLATFORM)
            and each.target in ("", target)
            and each.applies(now)
        ),
        None,
    )


async def load_switches(connection: Connection) -> tuple[Switch, ...]:
    """Return every switch that the role may see, also those that have ended."""
    return tuple(_switch(row) for row in await connection.fetch(SELECT_SWITCHES))


async def list_switches(connection: Connection, tenant_id: UUID, now: datetime) -> list[Switch]:
    """Return the switches that are on for a tenant, with the platform's."""
    rows = await connection.fetch(SELECT_OF_TENANT, [tenant_id, PLATFORM])
    return [switch for switch in map(_switch, rows) if switch.applies(now)]


async def switch_on(connection: Connection, switch: Switch, *, actor: Actor) -> None:
    """Switch on, or change the message and the end. Raises `InvalidChange`."""
    if switch.until is not None and not switch.since < switch.until <= switch.since + LONGEST:
        raise InvalidChange(f"the end must lie in the next {LONGEST.days} days")
    if switch.name is SwitchName.MAINTENANCE and switch.target:
        raise InvalidChange("maintenance has no target: it is about the whole API")
    key = switch.tenant_id, switch.name, switch.target
    before = await connection.fetchrow(SELECT_SWITCH, *key)
    await connection.execute(UPSERT_SWITCH, *key, switch.message, actor.name, switch.since, switch.until)
    await _write_line(connection, switch, actor, "switch.on", _audited(before), _audited(asdict(switch)))


async def switch_off(
    connection: Connection, tenant_id: UUID, name: SwitchName, target: str, *, actor: Actor, now: datetime
) -> None:
    """Raises `InvalidChange` if the switch is not on."""
    row = await connection.fetchrow(SELECT_SWITCH, tenant_id, name, target)
    if row is not None:
        await connection.execute(DELETE_SWITCH, tenant_id, name, target)
    if row is None or not _switch(row).applies(now):
        raise InvalidChange(f"{name}{f' of {target}' if target else ''} is not on")
    await _write_line(connection, _switch(row), actor, "switch.off", _audited(row), None)


def shown(switches: Sequence[Switch], names: frozenset[SwitchName], now: datetime) -> list[dict[str, Any]]:
    """Return the switches with these names that are on, for `/readyz`."""
    return [
        {
            "switch": each.name.value,
            "tenant_id": None if each.tenant_id == PLATFORM else str(each.tenant_id),
            "target": each.target or None,
            "since": each.since.isoformat(),
            "until": each.until.isoformat() if each.until else None,
        }
        for each in switches
        if each.name in names and each.applies(now)
    ]


async def _write_line(
    connection: Connection,
    switch: Switch,
    actor: Actor,
    action: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    subject = f"switch {switch.name}" + (f" {switch.target}" if switch.target else "")
    await write_audit_line(
        connection, switch.tenant_id, actor, action=action, subject=subject, before=before, after=after
    )


def _audited(values: Mapping[str, Any] | asyncpg.Record | None) -> dict[str, Any] | None:
    if values is None:
        return None
    until = values["until"]
    return {"message": values["message"], "until": until.isoformat() if until else None}


def _switch(row: asyncpg.Record) -> Switch:
    values = dict(row)
    return Switch(**values | {"tenant_id": UUID(int=values["tenant_id"].int), "name": SwitchName(values["name"])})
