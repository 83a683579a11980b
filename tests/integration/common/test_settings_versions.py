"""Versions of settings: those stored by earlier releases are each section's first."""

import asyncio

import asyncpg
import pytest

from orylo_common.control import migrations as control
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.control.sections.store import list_section_versions, read_current, write_section
from orylo_common.control.tenants import create_tenant
from orylo_common.ids import uuid7
from orylo_common.postgres.migrations import migrate, roll_back
from orylo_common.postgres.pool import open_pool
from tests.support.actors import ACTOR

pytestmark = pytest.mark.integration


async def test_stored_sections_become_first_versions_with_the_author_of_their_last_line(
    empty_postgres_dsn: str,
) -> None:
    await migrate(empty_postgres_dsn, [control.MIGRATIONS])
    connection = await asyncpg.connect(empty_postgres_dsn)
    try:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=str)
        tenant_id = uuid7()
        await connection.execute("INSERT INTO control.tenants (id, slug, name) VALUES ($1, 'a', 'a')", tenant_id)
        await roll_back(empty_postgres_dsn, control.MIGRATIONS, to=16)
        await connection.execute(
            "INSERT INTO control.settings (tenant_id, section, value) VALUES ($1, 'limits', '{\"visits\": 7}')",
            tenant_id,
        )
        await connection.execute(
            """INSERT INTO control.audit_log (tenant_id, id, actor_kind, actor, action, subject, address, user_agent)
               VALUES ($1, $2, 'command', 'cli:ana', 'settings.set', 'settings limits', '', '')""",
            tenant_id,
            uuid7(),
        )
        await migrate(empty_postgres_dsn, [control.MIGRATIONS])
    finally:
        await connection.close()
    async with open_pool(empty_postgres_dsn, role="none") as pool, pool.acquire() as session:
        current = await read_current(session, tenant_id, LimitSettings)
        assert (current.version, current.changed_by, current.settings.visits) == (1, "cli:ana", 7)
        assert [each.version for each in await list_section_versions(session, tenant_id, LimitSettings, limit=9)] == [1]


async def test_writers_at_the_same_time_make_one_version_each(postgres_dsn: str) -> None:
    async with open_pool(postgres_dsn, role="none", max_size=4) as pool:
        async with pool.acquire() as connection:
            tenant = await create_tenant(connection, f"loja-{uuid7().hex}", actor=ACTOR)

        async def change(review_at: int) -> int:
            async with pool.acquire() as session, session.transaction():
                return await write_section(session, tenant.id, DetectionPolicy(review_at=review_at), actor=ACTOR)

        assert sorted(await asyncio.gather(*(change(number) for number in (11, 12, 13, 14)))) == [1, 2, 3, 4]
        async with pool.acquire() as connection:
            versions = await list_section_versions(connection, tenant.id, DetectionPolicy, limit=9)
            current = await read_current(connection, tenant.id, DetectionPolicy)
        moments = [each.changed_at for each in versions if each.changed_at]
        assert moments == sorted(moments, reverse=True)
        assert current.settings == versions[0].settings
