"""Run PostgreSQL for tests and create databases from a migrated template."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from orylo_cli.embedded.postgres import DURABLE, running_postgres
from orylo_cli.migrations import all_migrations
from orylo_common.postgres.migrations import migrate
from tests.support.servers import container, docker_answers, wait_until

# Test data need not survive a power cut.
FAST = {**DURABLE, "fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_connections": "500"}

TEMPLATE = "orylo_template"


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Run a server and yield the superuser's DSN."""
    if not docker_answers():
        with running_postgres(folder, settings=FAST) as dsn:
            yield dsn
        return
    command = " ".join(["postgres", *(f"-c {name}={value}" for name, value in FAST.items())])
    env = {"POSTGRES_PASSWORD": "test"}
    with container("postgres:16-alpine", 5432, env=env, command=command) as (host, [port], running):
        # The image starts the server twice. The second one stays.
        ready = b"database system is ready to accept connections"
        wait_until(lambda: sum(out.count(ready) for out in running.get_logs()) >= 2, "PostgreSQL")
        yield f"postgresql://postgres:test@{host}:{port}/postgres"


async def make_template(dsn: str) -> None:
    """Create the template database and apply every migration to it."""
    await _execute(dsn, f"CREATE DATABASE {TEMPLATE}")
    await migrate(of_database(dsn, TEMPLATE), all_migrations())


async def make_database(dsn: str, name: str, *, template: str) -> str:
    await _execute(dsn, f"CREATE DATABASE {name} TEMPLATE {template}")
    return of_database(dsn, name)


async def drop_database(dsn: str, name: str) -> None:
    await _execute(dsn, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def of_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
