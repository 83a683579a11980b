"""Plain SQL migrations, one set per schema. They run under a lock that is released if its holder dies.

A package holds `0001_name.sql` and its reverse, `0001_name.down.sql`. Each file is one transaction.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources import files

import asyncpg

# One lock for all schemas, because the whole cluster shares the roles. The number is arbitrary.
ADVISORY_LOCK = 0x6F72796C6F01

CREATE_ROLE = """
    DO $$ BEGIN
        CREATE ROLE {role} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$
"""

CREATE_SCHEMA = """
    CREATE SCHEMA IF NOT EXISTS {schema};
    GRANT USAGE ON SCHEMA {schema} TO {role};
    GRANT {role} TO CURRENT_USER;
    CREATE TABLE IF NOT EXISTS {schema}.schema_migrations (
        name text PRIMARY KEY,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    GRANT SELECT ON {schema}.schema_migrations TO {role}
"""


class MigrationError(Exception):
    """The files and the database disagree. The text names the file."""


@dataclass(frozen=True)
class Migration:
    name: str
    up: str
    down: str

    @property
    def checksum(self) -> str:
        return sha256(self.up.encode()).hexdigest()


@dataclass(frozen=True)
class MigrationSet:
    """The migrations of one schema. `package` is the Python package that holds the files."""

    schema: str
    package: str

    @property
    def role(self) -> str:
        return f"orylo_{self.schema}"

    @cached_property
    def migrations(self) -> tuple[Migration, ...]:
        """Return all migrations in order. Raises `MigrationError` for a file without a reverse."""
        texts = {
            entry.name: entry.read_text() for entry in files(self.package).iterdir() if entry.name.endswith(".sql")
        }
        found = []
        for name in sorted(text for text in texts if not text.endswith(".down.sql")):
            stem = name.removesuffix(".sql")
            if not re.fullmatch(r"\d{4}_[a-z0-9_]+", stem) or f"{stem}.down.sql" not in texts:
                raise MigrationError(
                    f"{self.package}: {name} must be numbered, named and accompanied by {stem}.down.sql"
                )
            found.append(Migration(stem, texts[name], texts[f"{stem}.down.sql"]))
        return tuple(found)


async def migrate(dsn: str, sets: Sequence[MigrationSet]) -> list[str]:
    """Bring every schema up to date. Return the names of the applied migrations, such as `trust/0001_ledger`.

    Concurrent runs are safe: the others wait, then find nothing to do.
    """
    applied = []
    async with _locked(dsn) as connection:
        # All roles first: a migration may grant rights to another service's role.
        for migration_set in sets:
            await connection.execute(CREATE_ROLE.format(role=migration_set.role))
        for migration_set in sets:
            await connection.execute(CREATE_SCHEMA.format(schema=migration_set.schema, role=migration_set.role))
            for migration in await pending(connection, migration_set):
                async with connection.transaction():
                    await connection.execute(migration.up)
                    await connection.execute(
                        f"INSERT INTO {migration_set.schema}.schema_migrations (name, checksum) VALUES ($1, $2)",  # noqa: S608
                        migration.name,
                        migration.checksum,
                    )
                applied.append(f"{migration_set.schema}/{migration.name}")
    return applied


async def pending(connection: asyncpg.Connection, migration_set: MigrationSet) -> list[Migration]:
    """Return the migrations not yet applied. Raises `MigrationError` if an applied file has changed."""
    rows = await connection.fetch(f"SELECT name, checksum FROM {migration_set.schema}.schema_migrations")  # noqa: S608
    done = {row["name"]: row["checksum"] for row in rows}
    for migration in migration_set.migrations:
        if done.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationError(f"{migration_set.schema}/{migration.name} was edited after it was applied")
    return [migration for migration in migration_set.migrations if migration.name not in done]


async def roll_back(dsn: str, migration_set: MigrationSet, *, to: int = 0) -> list[str]:
    """Revert every applied migration numbered above `to`, newest first. Return their names."""
    undone = []
    async with _locked(dsn) as connection:
        rows = await connection.fetch(f"SELECT name FROM {migration_set.schema}.schema_migrations")  # noqa: S608
        done = {row["name"] for row in rows}
        for migration in reversed(migration_set.migrations):
            if migration.name in done and int(migration.name[:4]) > to:
                async with connection.transaction():
                    await connection.execute(migration.down)
                    await connection.execute(
                        f"DELETE FROM {migration_set.schema}.schema_migrations WHERE name = $1",  # noqa: S608
                        migration.name,
                    )
                undone.append(f"{migration_set.schema}/{migration.name}")
    return undone


@asynccontextmanager
async def _locked(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "orylo_migrate"})
    try:
        # A session lock: it ends with the connection, even if the process is killed.
        await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
        yield connection
    finally:
        await connection.close()
