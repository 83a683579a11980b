"""Gateways: enable, disable, configure, list."""

from dataclasses import asdict, dataclass
from ipaddress import ip_network
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.gateway_secrets import GatewaySecretSummary, store_gateway_secret
from orylo_common.control.keyring import Keyring
from orylo_common.control.models import LiveMode, Mode
from orylo_common.postgres.pool import Connection

# Stripe's times are Unix seconds, also in relayed webhooks.
WITHOUT_ZONES = frozenset({"stripe"})

UPSERT_GATEWAY = """
    INSERT INTO control.gateways (tenant_id, gateway, enabled, mode, accept, allowed_networks, timezone)
    VALUES ($1, $2, $3, $4, $5, $6::text[]::cidr[], $7)
    ON CONFLICT (tenant_id, gateway) DO UPDATE SET
        enabled = EXCLUDED.enabled, mode = EXCLUDED.mode, accept = EXCLUDED.accept,
        allowed_networks = EXCLUDED.allowed_networks, timezone = EXCLUDED.timezone, updated_at = now()
"""
SELECT_GATEWAY = """
    SELECT enabled, mode, accept, timezone, allowed_networks::text[] AS allowed_networks
    FROM control.gateways WHERE tenant_id = $1 AND gateway = $2
"""
SELECT_GATEWAYS = """
    SELECT g.gateway, g.enabled, g.mode, g.accept, g.timezone, g.allowed_networks::text[] AS allowed_networks,
           coalesce(array_agg(ROW (s.label, s.created_at, s.last_used_at) ORDER BY s.created_at DESC)
                    FILTER (WHERE s.id IS NOT NULL), '{}') AS secrets
    FROM control.gateways g LEFT JOIN control.gateway_secrets s USING (tenant_id, gateway)
    WHERE g.tenant_id = $1 GROUP BY g.tenant_id, g.gateway ORDER BY g.gateway
"""


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """How a gateway's webhooks are accepted.

    An empty `allowed_networks` accepts any address. `timezone` applies to timestamps without a zone; None means the
    gateway's usual zone.
    """

    enabled: bool = True
    mode: Mode = "native"
    accept: frozenset[LiveMode] = frozenset({"live", "test"})
    allowed_networks: tuple[str, ...] = ()
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class GatewaySummary:
    gateway: str
    enabled: bool
    mode: Mode
    accept: list[LiveMode]
    timezone: str | None
    allowed_networks: list[str]
    secrets: list[GatewaySecretSummary]


async def set_gateway(
    connection: Connection, tenant_id: UUID, gateway: str, config: GatewayConfig, *, actor: Actor
) -> None:
    """Store a gateway's configuration; its secrets stay as they are. Raises `InvalidChange`."""
    before = await find_gateway(connection, tenant_id, gateway)
    await _store(connection, tenant_id, gateway, config)
    await _audit(connection, tenant_id, gateway, actor, _data(before), _data(config))


async def set_gateway_with_secret(
    connection: Connection,
    keyring: Keyring,
    tenant_id: UUID,
    gateway: str,
    config: GatewayConfig,
    *,
    label: str,
    secret: str,
    actor: Actor,
) -> None:
    """Store a gateway's configuration and one of its secrets as a single change. Raises `InvalidChange`."""
    before = _data(await find_gateway(connection, tenant_id, gateway))
    await _store(connection, tenant_id, gateway, config)
    replaced = await store_gateway_secret(connection, keyring, tenant_id, gateway, label=label, secret=secret)
    if before and replaced:
        before |= {"secret_label": label}
    await _audit(connection, tenant_id, gateway, actor, before, {**(_data(config) or {}), "secret_label": label})


async def find_gateway(connection: Connection, tenant_id: UUID, gateway: str) -> GatewayConfig | None:
    row = await connection.fetchrow(SELECT_GATEWAY, tenant_id, gateway)
    if row is None:
        return None
    networks = tuple(row["allowed_networks"])
    return GatewayConfig(row["enabled"], row["mode"], frozenset(row["accept"]), networks, row["timezone"])


async def list_gateways(connection: Connection, tenant_id: UUID) -> list[GatewaySummary]:
    return [
        GatewaySummary(**{**row, "secrets": [GatewaySecretSummary(*secret) for secret in row["secrets"]]})
        for row in await connection.fetch(SELECT_GATEWAYS, tenant_id)
    ]


async def _store(connection: Connection, tenant_id: UUID, gateway: str, config: GatewayConfig) -> None:
    _check_timezone(gateway, config.timezone)
    try:
        # Stricter than PostgreSQL, which reads 10 as 10.0.0.0/8 and 1.2.3 as 1.2.3.0/24.
        networks = [str(ip_network(network)) for network in config.allowed_networks]
        await connection.execute(
            UPSERT_GATEWAY,
            tenant_id,
            gateway,
            config.enabled,
            config.mode,
            sorted(config.accept),
            networks,
            config.timezone,
        )
    except (ValueError, asyncpg.InvalidTextRepresentationError, asyncpg.DataError):
        raise InvalidChange("write a network like 203.0.113.0/24, with its host bits zero") from None


def _check_timezone(gateway: str, name: str | None) -> None:
    if gateway in WITHOUT_ZONES and name is not None:
        raise InvalidChange(f"all timestamps in {gateway}'s webhooks have a time zone")
    try:
        if name is not None:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidChange(f"{name!r} is not a time zone: write one like America/Sao_Paulo, or UTC") from None


def _data(config: GatewayConfig | None) -> dict[str, Any] | None:
    if config is None:
        return None
    return {**asdict(config), "accept": sorted(config.accept)}


async def _audit(
    connection: Connection,
    tenant_id: UUID,
    gateway: str,
    actor: Actor,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    await write_audit_line(
        connection, tenant_id, actor, action="gateway.set", subject=f"gateway {gateway}", before=before, after=after
    )
