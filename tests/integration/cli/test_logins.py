"""Each embedded service has a login that reaches its own roles only, and no superuser's rights."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from orylo_cli.embedded.logins import ROLES, create_logins
from tests.support.embedded import Embedded, running_embedded

pytestmark = pytest.mark.integration

EVERY_ROLE = sorted({role for roles in ROLES.values() for role in roles})


@asynccontextmanager
async def connected(dsn: str, role: str | None = None) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn, server_settings={"role": role} if role else {})
    try:
        yield connection
    finally:
        await connection.close()


async def allowed(connection: asyncpg.Connection, statement: str) -> bool:
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


@pytest.mark.parametrize("service", ROLES)
async def test_a_login_takes_the_roles_of_its_service_only(postgres_dsn: str, service: str) -> None:
    logins = await create_logins(postgres_dsn)
    for role in ROLES[service]:
        async with connected(logins[service], role) as connection:
            assert await connection.fetchval("SELECT current_user") == role
            assert not await allowed(connection, "SET ROLE postgres")
            assert not await allowed(connection, "SELECT pg_read_file('/etc/passwd')")
            assert not await allowed(connection, "COPY (SELECT 1) TO PROGRAM 'true'")
            reached = [each for each in EVERY_ROLE if await allowed(connection, f"SET ROLE {each}")]
            assert reached == sorted(ROLES[service])


async def test_without_its_role_a_login_reads_nothing(postgres_dsn: str) -> None:
    logins = await create_logins(postgres_dsn)
    for service in ROLES:
        async with connected(logins[service]) as connection:
            assert not await allowed(connection, "SELECT * FROM control.tenants")


async def test_each_start_changes_the_passwords(postgres_dsn: str) -> None:
    first, second = await create_logins(postgres_dsn), await create_logins(postgres_dsn)
    async with connected(second["ingest"], "orylo_ingest"):
        pass
    assert first["ingest"] != second["ingest"]


async def test_no_service_of_up_connects_as_the_superuser(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_embedded(tmp_path_factory.mktemp("logins")) as platform:
        assert await users_by_application(platform) == {
            "postgres": set(),
            "others": {f"orylo_{each}_login" for each in ROLES},
        }


async def users_by_application(platform: Embedded) -> dict[str, set[str]]:
    """Return the applications of the superuser's connections, and the logins of all others."""
    statement = """
        SELECT usename::text, application_name FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND usename IS NOT NULL AND pid <> pg_backend_pid()
    """
    async with connected(platform.dsn) as connection:
        rows = await connection.fetch(statement)
    return {
        "postgres": {row["application_name"] for row in rows if row["usename"] == "postgres"},
        "others": {row["usename"] for row in rows if row["usename"] != "postgres"},
    }


async def test_the_tables_of_sign_in_bind_their_owner_too(postgres_dsn: str) -> None:
    forced = "SELECT relname::text FROM pg_class WHERE relnamespace = 'api'::regnamespace AND relforcerowsecurity"
    async with connected(postgres_dsn) as connection:
        found = {row["relname"] for row in await connection.fetch(forced)}
    assert found == {"sessions", "session_tokens", "impersonations", "totp_uses", "idempotency_keys"}
