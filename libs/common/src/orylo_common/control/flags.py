"""Feature flags of tenants: a declared list, a value for each tenant and gateway, and defaults.

A flag switches one part on or off without a change of its settings. The services read the values from memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.postgres.pool import Connection

SELECT_FLAGS = "SELECT tenant_id, name, gateway, enabled FROM control.flags"
SELECT_OF_TENANT = """
    SELECT name, gateway, enabled, author, updated_at FROM control.flags WHERE tenant_id = $1 ORDER BY name, gateway
"""
SELECT_FLAG = "SELECT enabled FROM control.flags WHERE tenant_id = $1 AND name = $2 AND gateway = $3 FOR UPDATE"
UPSERT_FLAG = """
    INSERT INTO control.flags (tenant_id, name, gateway, enabled, author) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, name, gateway) DO UPDATE
    SET enabled = EXCLUDED.enabled, author = EXCLUDED.author, updated_at = now()
"""
DELETE_FLAG = "DELETE FROM control.flags WHERE tenant_id = $1 AND name = $2 AND gateway = $3"

Service = Literal["detector", "dispatch", "ingest"]


@dataclass(frozen=True, slots=True)
class Flag:
    """A part that can be switched off for a tenant, or for one gateway of a tenant."""

    name: str
    description: str
    service: Service
    default: bool = True
    # False: it has one value for the tenant.
    by_gateway: bool = True


def _detector(name: str, what: str) -> Flag:
    return Flag(f"detector.{name}", f"{what} add to the risk of payments.", "detector")


FLAGS: Mapping[str, Flag] = {
    flag.name: flag
    for flag in (
        _detector("velocity", "Many attempts or high sums of one customer, card, address or device"),
        _detector("card_testing", "Signs of card testing"),
        _detector("amount_anomaly", "Amounts that are unusual for the customer, the product or the shop"),
        _detector("geo_mismatch", "Countries that do not fit together"),
        _detector("trust_history", "The customer's trust score, disputes and refunds"),
        _detector("entity_risk", "Fraud rates of products, affiliates, networks, email domains, cards and countries"),
        Flag("conversions", "Payments are reported to destinations, such as Meta.", "dispatch"),
        Flag("matching", "Payments are attributed to earlier clicks on the shop's pages.", "dispatch"),
        Flag("provider_actions", "Blocked payments are cancelled or refunded, as the settings say.", "dispatch"),
        Flag("tracking", "Visits that the shop's pages report are recorded.", "ingest", by_gateway=False),
    )
}
# By tenant, flag and gateway; an empty gateway means all that have no value.
FlagValues = Mapping[tuple[UUID, str, str], bool]


@dataclass(frozen=True, slots=True)
class FlagValue:
    """A stored value. `gateway` is empty for the tenant's own."""

    name: str
    gateway: str
    enabled: bool
    changed_by: str
    changed_at: datetime


def is_enabled(values: FlagValues, name: str, tenant_id: UUID, gateway: str = "") -> bool:
    """Return the gateway's value, else the tenant's, else the default."""
    if values:
        for key in ((tenant_id, name, gateway), (tenant_id, name, "")):
            if key in values:
                return values[key]
    return FLAGS[name].default


async def load_flags(connection: Connection) -> FlagValues:
    """Return the values of every tenant."""
    return {
        (UUID(int=row["tenant_id"].int), row["name"], row["gateway"]): row["enabled"]
        for row in await connection.fetch(SELECT_FLAGS)
    }


async def list_flag_values(connection: Connection, tenant_id: UUID) -> list[FlagValue]:
    """Return a tenant's stored values. Those of flags that no longer exist are left out."""
    rows = await connection.fetch(SELECT_OF_TENANT, tenant_id)
    return [
        FlagValue(row["name"], row["gateway"], row["enabled"], row["author"], row["updated_at"])
        for row in rows
        if row["name"] in FLAGS
    ]


async def set_flag(
    connection: Connection, tenant_id: UUID, name: str, gateway: str, enabled: bool | None, *, actor: Actor
) -> None:
    """Store a value. None removes it: the tenant's value or the default applies again. Raises `InvalidChange`."""
    flag = FLAGS.get(name)
    if flag is None:
        raise InvalidChange(f"{name!r} is not a flag: use one of {', '.join(FLAGS)}")
    if gateway and not flag.by_gateway:
        raise InvalidChange(f"{name} has one value for the tenant, not one for each gateway")
    before = await connection.fetchval(SELECT_FLAG, tenant_id, name, gateway)
    if before is enabled:
        return
    if enabled is None:
        await connection.execute(DELETE_FLAG, tenant_id, name, gateway)
    else:
        await connection.execute(UPSERT_FLAG, tenant_id, name, gateway, enabled, actor.name)
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="flag.set",
        subject=f"flag {name}" + (f" {gateway}" if gateway else ""),
        before=None if before is None else {"enabled": before},
        after=None if enabled is None else {"enabled": enabled},
    )
