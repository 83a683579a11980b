"""The checks of `orylo doctor`, each with advice if it fails."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import asyncpg

from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.migrations import all_migrations
from orylo_cli.target import Target
from orylo_common.broker.connect import open_broker
from orylo_common.control.master_key import stored_secrets
from orylo_common.postgres.migrations import MigrationError, pending

OLDEST_POSTGRES = 15
TIMEOUT_S = 5.0
MIGRATE = "run `orylo migrate`"
OWNER = "set ORYLO_DATABASE_URL to the user who runs the migrations"
SERVICES = ("ingest", "detector", "trust", "dispatch", "api")


@dataclass(frozen=True)
class Check:
    """A check's finding, with advice unless it is `ok`."""

    name: str
    ok: bool
    finding: str
    advice: str = ""


async def check_all(target: Target, addresses: Sequence[str]) -> list[Check]:
    """Run all checks. `addresses` name services of a distributed platform; an embedded one knows its own."""
    checks = [
        *await _check_database(target),
        await _check_broker(target),
        await _check_redis(target),
        *await _check_services(target, addresses),
    ]
    return [replace(check, advice="") if check.ok else check for check in checks]


async def _check_database(target: Target) -> list[Check]:
    try:
        connection = await asyncpg.connect(target.database_url, timeout=TIMEOUT_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        advice = "check that it is running and that ORYLO_DATABASE_URL is right"
        return [Check("postgres", ok=False, finding=f"cannot connect ({type(error).__name__})", advice=advice)]
    try:
        return [
            await _check_version(connection),
            await _check_migrations(connection),
            await _check_master_key(connection, target),
        ]
    finally:
        await connection.close()


async def _check_version(connection: asyncpg.Connection) -> Check:
    number = int(await connection.fetchval("SELECT current_setting('server_version_num')"))
    major = number // 10_000
    return Check(
        "postgres",
        ok=major >= OLDEST_POSTGRES,
        finding=f"PostgreSQL {major}",
        advice=f"upgrade to PostgreSQL {OLDEST_POSTGRES} or later",
    )


async def _check_migrations(connection: asyncpg.Connection) -> Check:
    try:
        pending_names = [
            f"{migration_set.schema}/{migration.name}"
            for migration_set in all_migrations()
            for migration in await pending(connection, migration_set)
        ]
    except asyncpg.UndefinedTableError:
        return Check("migrations", ok=False, finding="the schemas are missing", advice=MIGRATE)
    except asyncpg.PostgresError as error:
        return Check("migrations", ok=False, finding=f"unreadable ({type(error).__name__})", advice=OWNER)
    except MigrationError as error:
        return Check("migrations", ok=False, finding=str(error), advice="install the release that created the database")
    finding = f"pending: {', '.join(pending_names)}" if pending_names else "up to date"
    return Check("migrations", ok=not pending_names, finding=finding, advice=MIGRATE)


async def _check_master_key(connection: asyncpg.Connection, target: Target) -> Check:
    try:
        stored = await stored_secrets(connection)
    except asyncpg.UndefinedTableError:
        stored = []
    except asyncpg.PostgresError as error:
        return Check(
            "master key", ok=False, finding=f"cannot read the stored secrets ({type(error).__name__})", advice=OWNER
        )
    try:
        keyring = target.keyring()
    except EmbeddedError as error:
        return Check("master key", ok=False, finding="missing or not valid", advice=str(error))
    if not stored:
        return Check("master key", ok=True, finding="no secrets are stored yet")
    decrypted = sum(map(keyring.decrypts, stored))
    return Check(
        "master key",
        ok=decrypted == len(stored),
        finding=f"decrypts {decrypted} of {len(stored)} stored secrets",
        advice="use the key that the secrets were stored with; separate several keys by commas",
    )


async def _check_broker(target: Target) -> Check:
    kind = target.broker_url.partition(":")[0]
    try:
        async with open_broker(target.broker_url, target.database_url) as broker:
            await broker.ping()
    except asyncpg.PostgresError as error:
        return Check("broker", ok=False, finding=f"no queues ({type(error).__name__})", advice=MIGRATE)
    except Exception as error:  # noqa: BLE001  the errors depend on the broker that the URL names
        return Check(
            "broker", ok=False, finding=str(error), advice="check that it is running and that ORYLO_BROKER_URL is right"
        )
    return Check("broker", ok=True, finding=kind)


async def _check_redis(target: Target) -> Check:
    if target.redis_url is None:
        embedded = target.data_dir is not None
        finding = "embedded" if embedded else "ORYLO_REDIS_URL is not set"
        return Check("redis", ok=embedded, finding=finding, advice="set ORYLO_REDIS_URL")
    # Imported here: an embedded platform has no Redis server.
    from orylo_common.redis import REDIS_ERRORS, connect

    try:
        async with connect(target.redis_url, timeout_s=TIMEOUT_S) as redis:
            await redis.ping()
    except (*REDIS_ERRORS, ValueError) as error:
        advice = "check that it is running and that ORYLO_REDIS_URL is right; without Redis the platform is slower"
        return Check("redis", ok=False, finding=type(error).__name__, advice=advice)
    return Check("redis", ok=True, finding="reachable")


async def _check_services(target: Target, addresses: Sequence[str]) -> list[Check]:
    if target.running:
        known = {name: f"{target.running.health_url}/{name}" for name in SERVICES}
    elif target.data_dir:
        return [Check("services", ok=False, finding="not running", advice="start them: `orylo up`")]
    else:
        known = {address: address for address in addresses}
    if not known:
        return []
    # Imported here, because it imports the HTTP client, and there may be no service to ask.
    from orylo_cli.service_checks import check_services

    return [Check(*finding) for finding in await check_services(known)]
