"""The logins of the services in the embedded database. Each can take the roles of its service and no other."""

import secrets
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

import asyncpg

# The event bus serves all services of the process.
ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ingest": ("orylo_ingest",),
        "detector": ("orylo_detector",),
        "trust": ("orylo_trust",),
        "dispatch": ("orylo_dispatch",),
        "api": ("orylo_api", "orylo_api_projector"),
        "bus": ("orylo_bus",),
    }
)

CREATE_LOGIN = """
    DO $$ BEGIN
        CREATE ROLE {login};
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$
"""
# NOINHERIT: without the role that a connection names, the login has no rights.
ALTER_LOGIN = """
    ALTER ROLE {login}
    LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{password}'
"""
GRANT = "GRANT {roles} TO {login}"


async def create_logins(database_url: str) -> Mapping[str, str]:
    """Return a DSN for each service. The passwords are new at each start and are stored nowhere.

    `database_url` is the superuser's, of a migrated database.
    """
    connection = await asyncpg.connect(database_url)
    try:
        return {service: await _create_login(connection, service, database_url) for service in ROLES}
    finally:
        await connection.close()


async def _create_login(connection: asyncpg.Connection, service: str, database_url: str) -> str:
    login, password = f"orylo_{service}_login", secrets.token_hex(24)
    async with connection.transaction():
        await connection.execute(CREATE_LOGIN.format(login=login))
        await connection.execute(ALTER_LOGIN.format(login=login, password=password))
        await connection.execute(GRANT.format(login=login, roles=", ".join(ROLES[service])))
    parts = urlsplit(database_url)
    return parts._replace(netloc=f"{login}:{password}@{parts.hostname}:{parts.port}").geturl()
