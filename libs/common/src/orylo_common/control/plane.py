"""The control plane in memory: read without I/O, reloaded after every change.

While PostgreSQL is unavailable, services use the last snapshot.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg
import structlog
from prometheus_client import Gauge
from pydantic import ValidationError

from orylo_common.control.document_key import DocumentKey
from orylo_common.control.flags import FlagValues, is_enabled, load_flags
from orylo_common.control.keyring import Keyring, WrongMasterKey
from orylo_common.control.models import (
    Destination,
    GatewaySecret,
    GatewaySetting,
    Tenant,
    TenantRules,
    TenantSettings,
    TenantState,
)
from orylo_common.control.switches import Switch, SwitchName, load_switches, switch_for
from orylo_common.postgres.listening import listening
from orylo_common.postgres.pool import Connection, open_pool

CHANNEL = "orylo_control"
# The maximum delay of a change whose notification was lost.
RELOAD_EVERY = timedelta(seconds=30)

SELECT_TENANTS = "SELECT id, slug, name, state FROM control.tenants"
SELECT_GATEWAYS = """
    SELECT g.tenant_id, g.gateway, g.enabled, g.mode, g.accept, g.timezone,
           g.allowed_networks::text[] AS allowed_networks,
           coalesce(array_agg(ROW (s.id, s.label, s.secret_encrypted) ORDER BY s.created_at DESC)
                    FILTER (WHERE s.id IS NOT NULL), '{}') AS secrets
    FROM control.gateways g LEFT JOIN control.gateway_secrets s USING (tenant_id, gateway)
    GROUP BY g.tenant_id, g.gateway
"""
SELECT_DESTINATIONS = (
    "SELECT id, tenant_id, kind, name, config, secret_encrypted, enabled, updated_at"
    " FROM control.destinations ORDER BY id"
)
SELECT_DOCUMENT_KEY = "SELECT key_encrypted FROM control.document_key"
SELECT_SETTINGS = "SELECT tenant_id, section, value FROM control.settings"
SELECT_RULES = """
    SELECT tenant_id, id, version, name, expression, action, priority, mode FROM control.rules WHERE mode <> 'off'
    ORDER BY tenant_id, id
"""
# A day after its end, a snooze has no effect: payments are decided when they happen, or a little later.
SELECT_SNOOZES = """
    SELECT tenant_id, rule_id, customer_id, until FROM control.rule_snoozes WHERE until > now() - interval '1 day'
"""
SELECT_FUSES = "SELECT tenant_id, tripped, reset_at FROM control.fuses"

UNREADABLE = Gauge("orylo_control_unreadable_secrets", "Stored secrets that no master key decrypts", ["part"])

_ONLY_ROW = UUID(int=1)
NO_RULES = TenantRules()

log = structlog.get_logger(__name__)
Section = TypeVar("Section", bound=TenantSettings)


class Part(StrEnum):
    """The parts that a service may be granted to read. Every service may read tenants."""

    GATEWAYS = "gateways"
    DESTINATIONS = "destinations"
    SETTINGS = "settings"
    DOCUMENT_KEY = "document_key"
    RULES = "rules"
    SWITCHES = "switches"
    FLAGS = "flags"


# Parts whose rows hold encrypted values.
SECRET_PARTS = frozenset({Part.GATEWAYS, Part.DESTINATIONS, Part.DOCUMENT_KEY})


@dataclass(frozen=True, slots=True)
class Snapshot:
    tenants: dict[str, Tenant] = field(default_factory=dict)
    # Those that are suspended or to be deleted.
    stopped: frozenset[UUID] = frozenset()
    gateways: dict[tuple[UUID, str], GatewaySetting] = field(default_factory=dict)
    destinations: dict[UUID, tuple[Destination, ...]] = field(default_factory=dict)
    settings: dict[tuple[UUID, str], dict[str, Any]] = field(default_factory=dict)
    document_key: DocumentKey | None = None
    rules: dict[UUID, TenantRules] = field(default_factory=dict)
    switches: tuple[Switch, ...] = ()
    flags: FlagValues = field(default_factory=dict)


class ControlPlane:
    """The configuration of all tenants, as of the last reload. Only the parts with secrets need a keyring."""

    def __init__(self, pool: asyncpg.Pool, keyring: Keyring | None, parts: frozenset[Part]) -> None:
        self._pool = pool
        self._keyring = keyring
        self._parts = parts
        self._snapshot = Snapshot()
        self._sections: dict[tuple[UUID, type[TenantSettings]], TenantSettings] = {}
        self._followers: list[Callable[[], None]] = []
        # Rows whose undecryptable secret has been logged.
        self._unreadable: dict[Part, set[UUID]] = {part: set() for part in parts}

    def tenant(self, slug_or_id: str) -> Tenant | None:
        return self._snapshot.tenants.get(slug_or_id)

    def tenants(self) -> tuple[Tenant, ...]:
        return tuple({tenant.id: tenant for tenant in self._snapshot.tenants.values()}.values())

    def is_stopped(self, tenant_id: UUID) -> bool:
        """Return whether a tenant is suspended or to be deleted."""
        return tenant_id in self._snapshot.stopped

    def gateway(self, tenant_id: UUID, gateway: str) -> GatewaySetting | None:
        return self._snapshot.gateways.get((tenant_id, gateway))

    def destinations(self, tenant_id: UUID) -> tuple[Destination, ...]:
        """Return a tenant's destinations, oldest first, including disabled ones."""
        return self._snapshot.destinations.get(tenant_id, ())

    def rules(self, tenant_id: UUID) -> TenantRules:
        return self._snapshot.rules.get(tenant_id, NO_RULES)

    def all_rules(self) -> Mapping[UUID, TenantRules]:
        """Return the rules of every tenant that has rules, or whose fuse has tripped once."""
        return self._snapshot.rules

    def switch(self, name: SwitchName, tenant_id: UUID, target: str, now: datetime) -> Switch | None:
        """Return the switch that stops `target` of a tenant now: its own, or the platform's."""
        switches = self._snapshot.switches
        return switch_for(switches, name, tenant_id, target, now) if switches else None

    def all_switches(self) -> tuple[Switch, ...]:
        """Return the switches of the platform and of every tenant, also those that have ended."""
        return self._snapshot.switches

    @property
    def has_flags(self) -> bool:
        """Return whether any tenant has a value of its own for any flag."""
        return bool(self._snapshot.flags)

    def is_enabled(self, flag: str, tenant_id: UUID, gateway: str = "") -> bool:
        """Return whether a feature is on for a tenant's gateway."""
        return is_enabled(self._snapshot.flags, flag, tenant_id, gateway)

    @property
    def document_key(self) -> DocumentKey | None:
        """Return the key of documents' hashes. None until it can be read; once read, it stays."""
        return self._snapshot.document_key

    def settings(self, tenant_id: UUID, model: type[Section]) -> Section:
        """Return a tenant's section, or its defaults if nothing is stored or the stored value is invalid."""
        known = self._sections.get((tenant_id, model))
        if not isinstance(known, model):
            stored = self._snapshot.settings.get((tenant_id, model.section), {})
            try:
                known = model.model_validate(stored)
            except ValidationError as invalid:
                log.warning("control.settings_invalid", section=model.section, errors=invalid.error_count())
                known = model()
            self._sections[tenant_id, model] = known
        return known

    async def reload(self) -> None:
        """Read everything again. An undecryptable secret is left out; the other secrets are kept."""
        unreadable: dict[Part, set[UUID]] = {part: set() for part in self._parts}
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            tenants = await self._tenants(connection)
            snapshot = Snapshot(
                tenants=tenants,
                stopped=frozenset(each.id for each in tenants.values() if each.state is not TenantState.ACTIVE),
                gateways=await self._gateways(connection, unreadable) if Part.GATEWAYS in self._parts else {},
                destinations=await self._destinations(connection, unreadable)
                if Part.DESTINATIONS in self._parts
                else {},
                settings=await self._settings(connection) if Part.SETTINGS in self._parts else {},
                document_key=await self._document_key(connection, unreadable)
                if Part.DOCUMENT_KEY in self._parts
                else None,
                rules=await self._rules(connection) if Part.RULES in self._parts else {},
                switches=await load_switches(connection) if Part.SWITCHES in self._parts else (),
                flags=await load_flags(connection) if Part.FLAGS in self._parts else {},
            )
        self._report_undecryptable(unreadable)
        self._snapshot, self._sections = snapshot, {}
        for follow in self._followers:
            follow()

    def after_reload(self, follow: Callable[[], None]) -> None:
        """Call `follow` now, and after every reload."""
        self._followers.append(follow)
        follow()

    def decrypts_nothing(self) -> bool:
        """Return whether there are stored secrets and the keyring decrypts none of them."""
        if not any(self._unreadable.values()):
            return False
        gateways, destinations = self._snapshot.gateways.values(), self._snapshot.destinations.values()
        opened = any(gateway.secrets for gateway in gateways) or any(each.secret for of in destinations for each in of)
        return not opened and self._snapshot.document_key is None

    def following(self) -> AbstractAsyncContextManager[None]:
        """Reload after every change, and at least every `RELOAD_EVERY`, while the context is open."""

        async def reload(_: Connection) -> None:
            await self.reload()

        return listening("control.reload", self._pool, CHANNEL, reload, at_least_every=RELOAD_EVERY)

    async def _tenants(self, connection: Connection) -> dict[str, Tenant]:
        tenants = [
            Tenant(_uuid(row["id"]), row["slug"], row["name"], TenantState(row["state"]))
            for row in await connection.fetch(SELECT_TENANTS)
        ]
        return {tenant.slug: tenant for tenant in tenants} | {str(tenant.id): tenant for tenant in tenants}

    async def _gateways(
        self, connection: Connection, unreadable: dict[Part, set[UUID]]
    ) -> dict[tuple[UUID, str], GatewaySetting]:
        gateways = {}
        for row in await connection.fetch(SELECT_GATEWAYS):
            secrets = tuple(
                GatewaySecret(_uuid(secret_id), label, secret.encode())
                for secret_id, label, encrypted in row["secrets"]
                if (secret := self._decrypt(encrypted, _uuid(secret_id), unreadable[Part.GATEWAYS]))
            )
            gateways[row["tenant_id"], row["gateway"]] = GatewaySetting(
                tenant_id=_uuid(row["tenant_id"]),
                gateway=row["gateway"],
                enabled=row["enabled"],
                mode=row["mode"],
                accept=frozenset(row["accept"]),
                allowed_networks=tuple(row["allowed_networks"]),
                secrets=secrets,
                zone=_zone(row["timezone"]),
                undecryptable=len(row["secrets"]) - len(secrets),
            )
        return gateways

    async def _destinations(
        self, connection: Connection, unreadable: dict[Part, set[UUID]]
    ) -> dict[UUID, tuple[Destination, ...]]:
        destinations: dict[UUID, tuple[Destination, ...]] = {}
        for row in await connection.fetch(SELECT_DESTINATIONS):
            destination = Destination(
                id=_uuid(row["id"]),
                tenant_id=_uuid(row["tenant_id"]),
                kind=row["kind"],
                name=row["name"],
                config=row["config"],
                secret=self._decrypt(row["secret_encrypted"], _uuid(row["id"]), unreadable[Part.DESTINATIONS]),
                enabled=row["enabled"],
                updated_at=row["updated_at"],
            )
            destinations[destination.tenant_id] = (*destinations.get(destination.tenant_id, ()), destination)
        return destinations

    async def _document_key(self, connection: Connection, unreadable: dict[Part, set[UUID]]) -> DocumentKey | None:
        encrypted = await connection.fetchval(SELECT_DOCUMENT_KEY)
        key = self._decrypt(encrypted, _ONLY_ROW, unreadable[Part.DOCUMENT_KEY]) if encrypted else ""
        # During a rotation, another process may have encrypted the key with a master key that is not known here yet.
        return DocumentKey(bytes.fromhex(key)) if key else self._snapshot.document_key

    def _decrypt(self, encrypted: bytes, row_id: UUID, unreadable: set[UUID]) -> str:
        """Decrypt a secret. Return an empty text, which no secret is, if no key decrypts it."""
        if self._keyring is not None:
            with suppress(WrongMasterKey):
                return self._keyring.decrypt(encrypted)
        unreadable.add(row_id)
        return ""

    def _report_undecryptable(self, unreadable: dict[Part, set[UUID]]) -> None:
        for part in unreadable.keys() & SECRET_PARTS:
            UNREADABLE.labels(part).set(len(unreadable[part]))
            for row_id in unreadable[part] - self._unreadable[part]:
                log.error("control.secret_unreadable", part=part, row_id=str(row_id))
        self._unreadable = unreadable

    async def _settings(self, connection: Connection) -> dict[tuple[UUID, str], dict[str, Any]]:
        return {(row["tenant_id"], row["section"]): row["value"] for row in await connection.fetch(SELECT_SETTINGS)}

    async def _rules(self, connection: Connection) -> dict[UUID, TenantRules]:
        rules: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for row in await connection.fetch(SELECT_RULES):
            values = dict(row)
            rules[_uuid(values.pop("tenant_id"))].append(values | {"id": _uuid(values["id"])})
        snoozes: defaultdict[UUID, dict[str, dict[UUID, datetime]]] = defaultdict(dict)
        for row in await connection.fetch(SELECT_SNOOZES):
            of_customer = snoozes[_uuid(row["tenant_id"])].setdefault(row["customer_id"], {})
            of_customer[_uuid(row["rule_id"])] = row["until"]
        fuses = {_uuid(row["tenant_id"]): row for row in await connection.fetch(SELECT_FUSES)}
        return {
            tenant_id: TenantRules(
                tuple(rules.get(tenant_id, ())),
                snoozes.get(tenant_id, {}),
                tenant_id in fuses and fuses[tenant_id]["tripped"],
                fuses[tenant_id]["reset_at"] if tenant_id in fuses else None,
            )
            for tenant_id in rules.keys() | fuses.keys()
        }


@asynccontextmanager
async def open_control(
    dsn: str, *, role: str, parts: frozenset[Part], keyring: Keyring | None = None
) -> AsyncIterator[ControlPlane]:
    """Open the control plane as `role` may read it, and keep it current while the context is open.

    Raises `PostgresUnavailable`, and `WrongMasterKey` if the keyring decrypts none of the stored secrets.
    """
    async with open_pool(dsn, role=role, max_size=2) as pool:
        plane = ControlPlane(pool, keyring, parts)
        await plane.reload()
        if plane.decrypts_nothing():
            raise WrongMasterKey("ORYLO_MASTER_KEY does not decrypt the stored secrets")
        async with plane.following():
            yield plane


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # It was valid on the machine that stored it; this machine has fewer time zones.
        log.warning("control.timezone_unknown", timezone=name)
        return None


def _uuid(value: UUID) -> UUID:
    # asyncpg's subclass is slower to hash and compare, and orjson does not know it.
    return UUID(int=value.int)
