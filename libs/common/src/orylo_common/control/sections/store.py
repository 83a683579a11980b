"""Stored sections of tenants' settings and their versions, validated when read and when written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
from pydantic import ValidationError

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import TenantSettings
from orylo_common.postgres.pool import Connection

SELECT_SECTION = "SELECT value FROM control.settings WHERE tenant_id = $1 AND section = $2"
SELECT_SECTION_FOR_UPDATE = f"{SELECT_SECTION} FOR UPDATE"
SELECT_SECTIONS = "SELECT section, value FROM control.settings WHERE tenant_id = $1"
# One writer of a tenant's settings at a time: a section that was never stored has no row to lock.
LOCK_TENANT = "SELECT pg_advisory_xact_lock(hashtext('control.settings'), hashtext($1::text))"
SELECT_CURRENT = """
    SELECT s.section, s.version, s.value, v.author, coalesce(v.created_at, s.updated_at) AS created_at, v.restored
    FROM control.settings AS s LEFT JOIN control.settings_versions AS v USING (tenant_id, section, version)
    WHERE s.tenant_id = $1 AND ($2::text IS NULL OR s.section = $2)
"""
UPSERT_SECTION = """
    INSERT INTO control.settings (tenant_id, section, value, version) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, section) DO UPDATE
    SET value = EXCLUDED.value, version = EXCLUDED.version, updated_at = now()
"""
INSERT_VERSION = """
    INSERT INTO control.settings_versions (tenant_id, section, version, value, author, restored)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
SELECT_VERSIONS = """
    SELECT section, version, value, author, created_at, restored FROM control.settings_versions
    WHERE tenant_id = $1 AND section = $2 AND version < $3 ORDER BY version DESC LIMIT $4
"""
SELECT_VERSION = """
    SELECT section, version, value, author, created_at, restored FROM control.settings_versions
    WHERE tenant_id = $1 AND section = $2 AND version = $3
"""
LATEST = 2**31 - 1

Section = TypeVar("Section", bound=TenantSettings)


class UnknownVersion(InvalidChange):
    """The section has no such version."""


@dataclass(frozen=True, slots=True)
class SettingsVersion(Generic[Section]):
    """A section as one version has it. Version 0 is the defaults, which a tenant has before the first change.

    `changed_by` and `changed_at` are None for version 0. `restored` is the earlier version with the same values.
    """

    settings: Section
    version: int = 0
    changed_by: str | None = None
    changed_at: datetime | None = None
    restored: int | None = None


def parse_section(model: type[Section], stored: Mapping[str, Any] | None) -> Section:
    """Return the stored section, or its defaults if nothing is stored or the stored value is invalid."""
    try:
        return model.model_validate(stored or {})
    except ValidationError:
        return model()


async def read_section(
    connection: Connection, tenant_id: UUID, model: type[Section], *, for_update: bool = False
) -> Section:
    """Return a tenant's section. With `for_update`, hold off other writers until the transaction ends."""
    if for_update:
        await connection.execute(LOCK_TENANT, str(tenant_id))
    return parse_section(model, await _read_stored(connection, tenant_id, model.section, for_update=for_update))


async def read_sections(
    connection: Connection, tenant_id: UUID, models: Collection[type[TenantSettings]]
) -> list[TenantSettings]:
    """Return several sections of one tenant, in the order of `models`."""
    rows = await connection.fetch(SELECT_SECTIONS, tenant_id)
    stored = {row["section"]: row["value"] for row in rows}
    return [parse_section(model, stored.get(model.section)) for model in models]


async def read_current(
    connection: Connection, tenant_id: UUID, model: type[Section], *, for_update: bool = False
) -> SettingsVersion[Section]:
    """Return a tenant's section with its version. With `for_update`, hold off other writers until the end."""
    if for_update:
        await connection.execute(LOCK_TENANT, str(tenant_id))
    row = await connection.fetchrow(SELECT_CURRENT, tenant_id, model.section)
    return SettingsVersion(model()) if row is None else version_of_row(model, row)


async def read_all_current(
    connection: Connection, tenant_id: UUID, models: Collection[type[TenantSettings]]
) -> list[SettingsVersion[TenantSettings]]:
    """Return several sections of one tenant with their versions, in the order of `models`."""
    stored = {row["section"]: row for row in await connection.fetch(SELECT_CURRENT, tenant_id, None)}
    return [
        version_of_row(model, stored[model.section]) if model.section in stored else SettingsVersion(model())
        for model in models
    ]


async def list_section_versions(
    connection: Connection,
    tenant_id: UUID,
    model: type[Section],
    *,
    limit: int,
    before: int | None = None,
    or_defaults: bool = False,
) -> list[SettingsVersion[Section]]:
    """Return up to `limit` versions of a section, newest first; with `before`, those before that version.

    With `or_defaults`, return the defaults, version 0, if there is none.
    """
    rows = await connection.fetch(
        SELECT_VERSIONS, tenant_id, model.section, LATEST if before is None else before, limit
    )
    versions = [version_of_row(model, row) for row in rows]
    return versions or [SettingsVersion(model())] if or_defaults else versions


async def find_section_version(
    connection: Connection, tenant_id: UUID, model: type[Section], version: int
) -> SettingsVersion[Section]:
    """Return one version; version 0 is the defaults. Raises `UnknownVersion`."""
    if version == 0:
        return SettingsVersion(model())
    row = await connection.fetchrow(SELECT_VERSION, tenant_id, model.section, version)
    if row is None:
        raise _unknown(model, version)
    return version_of_row(model, row)


async def write_section(
    connection: Connection, tenant_id: UUID, settings: TenantSettings, *, actor: Actor, restored: int | None = None
) -> int:
    """Store the values that differ from the defaults, as a new version. Return its number.

    The current values again are not a change: they keep their version.
    """
    current = await read_current(connection, tenant_id, type(settings), for_update=True)
    before = await _read_stored(connection, tenant_id, settings.section, for_update=True)
    after = settings.model_dump(mode="json", exclude_defaults=True)
    if after == (before or {}):
        return current.version
    version = current.version + 1
    await connection.execute(UPSERT_SECTION, tenant_id, settings.section, after, version)
    await connection.execute(INSERT_VERSION, tenant_id, settings.section, version, after, actor.name, restored)
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="settings.set" if restored is None else "settings.restore",
        subject=f"settings {settings.section}",
        before=before,
        after=after,
    )
    return version


async def restore_section(
    connection: Connection, tenant_id: UUID, model: type[Section], version: int, *, actor: Actor
) -> int:
    """Store an earlier version again, as a new one. Return its number.

    Raises `UnknownVersion`, and `InvalidChange` for values that this version of Orylo does not accept any more.
    """
    settings = model()
    if version > 0:
        row = await connection.fetchrow(SELECT_VERSION, tenant_id, model.section, version)
        if row is None:
            raise _unknown(model, version)
        try:
            settings = model.model_validate(row["value"])
        except ValidationError:
            raise InvalidChange(f"version {version} of {model.section} has values that are not valid now") from None
    return await write_section(connection, tenant_id, settings, actor=actor, restored=version)


def version_of_row(model: type[Section], row: asyncpg.Record) -> SettingsVersion[Section]:
    return SettingsVersion(
        parse_section(model, row["value"]), row["version"], row["author"], row["created_at"], row["restored"]
    )


def _unknown(model: type[TenantSettings], version: int) -> UnknownVersion:
    return UnknownVersion(f"the section {model.section} has no version {version}")


async def _read_stored(
    connection: Connection, tenant_id: UUID, section: str, *, for_update: bool
) -> dict[str, Any] | None:
    statement = SELECT_SECTION_FOR_UPDATE if for_update else SELECT_SECTION
    stored: dict[str, Any] | None = await connection.fetchval(statement, tenant_id, section)
    return stored
