"""Every schema can be created, reverted and created again. An edited file is detected."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from orylo_cli.migrations import all_migrations
from orylo_common.postgres.migrations import Migration, MigrationError, MigrationSet, migrate, pending, roll_back

pytestmark = pytest.mark.integration

TABLES = """
    SELECT schemaname || '.' || tablename FROM pg_tables
    WHERE schemaname = ANY($1) AND tablename <> 'schema_migrations' ORDER BY 1
"""
MIGRATION_SETS = all_migrations()
SCHEMAS = [migration_set.schema for migration_set in MIGRATION_SETS]


async def test_every_migration_can_be_reverted(empty_postgres_dsn: str) -> None:
    first = await migrate(empty_postgres_dsn, MIGRATION_SETS)
    connection = await asyncpg.connect(empty_postgres_dsn)
    made = await connection.fetch(TABLES, SCHEMAS)

    for migration_set in reversed(MIGRATION_SETS):
        await roll_back(empty_postgres_dsn, migration_set)
    left = await connection.fetch(TABLES, SCHEMAS)

    assert len(made) > 10
    assert left == []
    assert await migrate(empty_postgres_dsn, MIGRATION_SETS) == first
    assert await connection.fetch(TABLES, SCHEMAS) == made
    await connection.close()


async def test_concurrent_migrations_apply_each_file_once(empty_postgres_dsn: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_postgres_dsn, MIGRATION_SETS) for _ in range(3)))

    assert sorted(map(len, applied)) == [0, 0, sum(len(each.migrations) for each in MIGRATION_SETS)]


async def test_an_edited_file_is_an_error(postgres_dsn: str) -> None:
    control = next(each for each in MIGRATION_SETS if each.schema == "control")
    edited = MigrationSet(control.schema, control.package)
    first, *others = control.migrations
    edited.__dict__["migrations"] = (replace(first, up=first.up + "\n-- edited"), *others)

    with pytest.raises(MigrationError, match="control/0001_control_plane was edited after it was applied"):
        await migrate(postgres_dsn, [edited])


async def test_a_failing_migration_leaves_no_partial_changes(postgres_dsn: str) -> None:
    broken = MigrationSet("control", "orylo_common.control.migrations")
    broken.__dict__["migrations"] = (
        *broken.migrations,
        Migration("9999_broken", "CREATE TABLE control.half_done (); SELECT 1 / 0", ""),
    )

    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(postgres_dsn, [broken])

    connection = await asyncpg.connect(postgres_dsn)
    assert await connection.fetchval("SELECT to_regclass('control.half_done')") is None
    assert [migration.name for migration in await pending(connection, broken)] == ["9999_broken"]
    await connection.close()


async def test_a_service_role_cannot_access_another_services_tables(postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn, server_settings={"role": "orylo_trust"})

    for table in ("ingest.events", "detector.detections", "dispatch.deliveries", "control.gateway_secrets"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {table}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE trust.anything ()")
    await connection.close()
