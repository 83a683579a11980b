"""The checks of `orylo doctor --production`: the lines of docs/go-live.md that the database can answer."""

from typing import NamedTuple

import asyncpg

from orylo_cli.checks import OWNER, TIMEOUT_S, Check
from orylo_cli.demo.shop import EMAIL as DEMO_USER
from orylo_cli.target import Target

MOST_NAMED = 5


class TenantCheck(NamedTuple):
    """`query` returns the slugs of the tenants that fail it, which `finding` names."""

    name: str
    query: str
    finding: str
    advice: str


TENANT_CHECKS = (
    TenantCheck(
        "demo user",
        f"""
        SELECT slug FROM control.users JOIN control.tenants AS t ON t.id = tenant_id
        WHERE email = '{DEMO_USER}' AND disabled_at IS NULL
        """,  # noqa: S608
        "the demo's user, whose password is public, can sign in",
        "stop `orylo up --demo` and start `orylo up`, which disables it",
    ),
    TenantCheck(
        "2nd factor",
        """
        SELECT DISTINCT slug FROM control.users AS u JOIN control.tenants AS t ON t.id = tenant_id AND state = 'active'
        WHERE role IN ('owner', 'admin', 'operator') AND disabled_at IS NULL AND totp_secret_encrypted IS NULL
        """,
        "owners, administrators or operators have no second factor",
        "each switches it on under Account security",
    ),
    TenantCheck(
        "gateways",
        """
        SELECT slug FROM control.tenants AS t
        WHERE state = 'active'
          AND NOT EXISTS (
              SELECT FROM control.gateways AS g JOIN control.gateway_secrets USING (tenant_id, gateway)
              WHERE tenant_id = t.id AND g.enabled
          )
          AND NOT EXISTS (SELECT FROM control.users WHERE tenant_id = t.id AND role = 'operator')
        """,
        "no enabled gateway has a secret",
        "set one: `orylo gateway set TENANT GATEWAY --secret-stdin`",
    ),
    TenantCheck(
        "test events",
        """
        SELECT DISTINCT slug FROM control.destinations JOIN control.tenants AS t ON t.id = tenant_id
        WHERE state = 'active' AND enabled AND config ->> 'test_event_code' IS NOT NULL
        """,
        "every sale is sent as a test event",
        "remove the test event code from the destination",
    ),
    TenantCheck(
        "tokens",
        """
        SELECT DISTINCT slug FROM dispatch.destination_tokens AS k
        JOIN control.destinations AS d ON d.id = destination_id AND d.enabled AND d.updated_at = configured_at
        JOIN control.tenants AS t ON t.id = d.tenant_id AND state = 'active'
        WHERE expires_at < now() + interval '7 days'
        """,
        "an access token ends within a week",
        "generate a new one in Meta's Events Manager, and save it in the destination",
    ),
)
# Settings under which PostgreSQL loses confirmed commits in a crash.
UNSAFE_SETTINGS = """
    SELECT name || ' is ' || setting FROM pg_settings
    WHERE (name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off')
    ORDER BY name
"""
UNENCRYPTED_PEERS = """
    SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
    WHERE NOT ssl AND client_addr IS NOT NULL AND NOT client_addr <<= '127.0.0.0/8' AND client_addr <> '::1'
"""
# Other users see no addresses.
SEES_PEERS = "SELECT pg_has_role('pg_read_all_stats', 'USAGE')"
ARCHIVE_FAILS = """
    SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver
"""


async def check_production(target: Target) -> list[Check]:
    """Run the checks. `check_all` must have found the database and all its schemas."""
    connection = await asyncpg.connect(target.database_url, timeout=TIMEOUT_S)
    try:
        return [
            *[await _check_tenants(connection, check) for check in TENANT_CHECKS],
            await _check_durability(connection),
            await _check_archive(connection),
            await _check_encryption(connection),
        ]
    except asyncpg.PostgresError as error:
        return [Check("production", ok=False, finding=f"cannot be checked ({type(error).__name__})", advice=OWNER)]
    finally:
        await connection.close()


async def _check_tenants(connection: asyncpg.Connection, check: TenantCheck) -> Check:
    slugs = sorted(row[0] for row in await connection.fetch(check.query))
    if not slugs:
        return Check(check.name, ok=True, finding="ok")
    more = f" and {len(slugs) - MOST_NAMED} more" if len(slugs) > MOST_NAMED else ""
    finding = f"{check.finding}: {', '.join(slugs[:MOST_NAMED])}{more}"
    return Check(check.name, ok=False, finding=finding, advice=check.advice)


async def _check_durability(connection: asyncpg.Connection) -> Check:
    unsafe = [row[0] for row in await connection.fetch(UNSAFE_SETTINGS)]
    finding = ", ".join(unsafe) or "commits survive a crash"
    return Check("durability", ok=not unsafe, finding=finding, advice="switch it on in postgresql.conf")


async def _check_archive(connection: asyncpg.Connection) -> Check:
    if await connection.fetchval("SELECT current_setting('archive_mode')") == "off":
        return Check(
            "backup",
            ok=False,
            finding="WAL is not archived, so only the last full backup can be restored",
            advice="set archive_mode and archive_command, or use a managed database with point-in-time recovery",
        )
    if await connection.fetchval(ARCHIVE_FAILS):
        return Check(
            "backup", ok=False, finding="the last WAL segment was not archived", advice="read PostgreSQL's log"
        )
    return Check("backup", ok=True, finding="WAL is archived")


async def _check_encryption(connection: asyncpg.Connection) -> Check:
    if not await connection.fetchval(SEES_PEERS):
        advice = "GRANT pg_read_all_stats to the user of ORYLO_DATABASE_URL"
        return Check("encryption", ok=False, finding="this user does not see other connections", advice=advice)
    peers = await connection.fetchval(UNENCRYPTED_PEERS)
    return Check(
        "encryption",
        ok=not peers,
        finding=f"{peers} connections from other hosts have no TLS" if peers else "ok",
        advice="add sslmode=require to the services' ORYLO_DATABASE_URL",
    )
