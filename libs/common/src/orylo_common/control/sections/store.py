"""Stored sections of tenants' settings, validated when read and when written."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.models import TenantSettings
from orylo_common.postgres.pool import Connection

SELECT_SECTION = "SELECT value FROM control.settings WHERE tenant_id = $1 AND section = $2"
SELECT_SECTION_FOR_UPDATE = f"{SELECT_SECTION} FOR UPDATE"
SELECT_SECTIONS = "SELECT section, value FROM control.settings WHERE tenant_id = $1"
UPSERT_SECTION = """
    INSERT INTO control.settings (tenant_id, section, value) VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, section) DO UPDATE SET value = EXCLUDED.value, updated_at = now()
"""

Section = TypeVar("Section", bound=TenantSettings)


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
    return parse_section(model, await _read_stored(connection, tenant_id, model.section, for_update=for_update))


async def read_sections(
    connection: Connection, tenant_id: UUID, models: Collection[type[TenantSettings]]
) -> list[TenantSettings]:
    """Return several sections of one tenant, in the order of `models`."""
    rows = await connection.fetch(SELECT_SECTIONS, tenant_id)
    stored = {row["section"]: row["value"] for row in rows}
    return [parse_section(model, stored.get(model.section)) for model in models]


async def write_section(connection: Connection, tenant_id: UUID, settings: TenantSettings, *, actor: Actor) -> None:
    """Store the values that differ from the defaults."""
    before = await _read_stored(connection, tenant_id, settings.section, for_update=True)
    after = settings.model_dump(mode="json", exclude_defaults=True)
    await connection.execute(UPSERT_SECTION, tenant_id, settings.section, after)
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="settings.set",
        subject=f"settings {settings.section}",
        before=before,
        after=after,
    )


async def _read_stored(
    connection: Connection, tenant_id: UUID, section: str, *, for_update: bool
) -> dict[str, Any] | None:
    statement = SELECT_SECTION_FOR_UPDATE if for_update else SELECT_SECTION
    stored: dict[str, Any] | None = await connection.fetchval(statement, tenant_id, section)
    return stored
