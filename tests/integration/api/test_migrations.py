from uuid import uuid4

import asyncpg
import pytest

from orylo_api.migrations import MIGRATIONS
from orylo_common.control import migrations as control
from orylo_common.postgres import partitions
from orylo_common.postgres.migrations import migrate, roll_back

pytestmark = pytest.mark.integration

SCHEMA = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'api'::regnamespace AND a.attnum > 0 ORDER BY 1, 2
"""
LEFT_BEHIND = """
    SELECT relname::text FROM pg_class
    WHERE relnamespace = 'api'::regnamespace AND relname NOT LIKE 'schema_migrations%'
    UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'api'::regnamespace
    UNION ALL SELECT grantee::text FROM information_schema.role_table_grants
    WHERE grantee = 'orylo_api_projector' AND table_schema = 'control'
"""


async def test_every_migration_can_be_rolled_back(empty_postgres_dsn: str) -> None:
    sets = [control.MIGRATIONS, partitions.MIGRATIONS, MIGRATIONS]
    await migrate(empty_postgres_dsn, sets)
    connection = await asyncpg.connect(empty_postgres_dsn)
    try:
        before = await connection.fetch(SCHEMA)
        numbers = [0, *(int(migration.name[:4]) for migration in MIGRATIONS.migrations)]
        for target in reversed(numbers[:-1]):
            assert len(await roll_back(empty_postgres_dsn, MIGRATIONS, to=target)) == 1
        assert [row[0] for row in await connection.fetch(LEFT_BEHIND)] == []

        await migrate(empty_postgres_dsn, sets)
        assert await connection.fetch(SCHEMA) == before
    finally:
        await connection.close()


ADD_LINE = """
    INSERT INTO {schema}.audit_log (
        tenant_id, id, at, actor_kind, actor_id, actor, action, subject, before, after, address, user_agent
    ) VALUES (gen_random_uuid(), gen_random_uuid(), now(), $1, $2, $3, 'any', 'any', NULL, '{{}}', '', '')
"""


async def test_the_audit_log_moves_to_the_shared_table_and_back(empty_postgres_dsn: str) -> None:
    sets = [control.MIGRATIONS, partitions.MIGRATIONS, MIGRATIONS]
    await migrate(empty_postgres_dsn, sets)
    await roll_back(empty_postgres_dsn, MIGRATIONS, to=13)
    connection = await asyncpg.connect(empty_postgres_dsn)

    async def actors(schema: str) -> list[str]:
        return [row["actor"] for row in await connection.fetch(f"SELECT actor FROM {schema}.audit_log ORDER BY at")]

    try:
        await connection.execute(ADD_LINE.format(schema="api"), "user", uuid4(), "ana")
        await connection.execute(ADD_LINE.format(schema="control"), "command", None, "cli:ana")
        await migrate(empty_postgres_dsn, sets)
        assert await actors("control") == ["ana", "cli:ana"]

        await roll_back(empty_postgres_dsn, MIGRATIONS, to=13)
        assert (await actors("api"), await actors("control")) == (["ana"], ["cli:ana"])
    finally:
        await connection.close()
