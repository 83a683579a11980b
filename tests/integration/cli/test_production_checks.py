"""What `orylo doctor --production` finds, and that it is found no more once it is mended."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.demo.shop import EMAIL as DEMO_USER
from orylo_cli.main import cli
from orylo_cli.production_checks import TENANT_CHECKS
from orylo_common.control.keyring import Keyring

pytestmark = pytest.mark.integration

Run = Callable[..., Result]
EXPIRE = """
    INSERT INTO dispatch.destination_tokens (tenant_id, destination_id, configured_at, expires_at, read_at)
    SELECT tenant_id, d.id, updated_at, $2, now() FROM control.destinations AS d
    JOIN control.tenants AS t ON t.id = tenant_id WHERE slug = $1
    ON CONFLICT (tenant_id, destination_id) DO UPDATE SET expires_at = EXCLUDED.expires_at
"""

SEND_TEST_EVENTS = """
    UPDATE control.destinations SET config = config || '{"test_event_code": "TEST1"}'
    WHERE tenant_id = (SELECT id FROM control.tenants WHERE slug = $1)
"""


@pytest.fixture
def orylo(postgres_dsn: str, redis_url: str) -> Run:
    environment = {
        "ORYLO_DATABASE_URL": postgres_dsn,
        "ORYLO_BROKER_URL": "postgres",
        "ORYLO_REDIS_URL": redis_url,
        "ORYLO_MASTER_KEY": Keyring.generate(),
    }

    def run(*arguments: str, **more: Any) -> Result:
        return CliRunner().invoke(cli, arguments, env=environment, **more)

    return run


async def failing(dsn: str, slug: str) -> set[str]:
    """Return the checks that the tenant fails."""
    connection = await asyncpg.connect(dsn)
    try:
        return {
            check.name for check in TENANT_CHECKS if slug in [row[0] for row in await connection.fetch(check.query)]
        }
    finally:
        await connection.close()


async def execute(dsn: str, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement, *arguments)
    await connection.close()


async def test_a_tenant_fails_until_each_fault_is_mended(orylo: Run, postgres_dsn: str) -> None:
    slug = f"shop-{uuid4().hex[:8]}"
    await asyncio.to_thread(orylo, "tenant", "create", slug)
    await asyncio.to_thread(orylo, "user", "create", slug, f"ana@{slug}.example", "--role", "owner")
    assert await failing(postgres_dsn, slug) == {"2nd factor", "gateways"}

    await asyncio.to_thread(orylo, "gateway", "set", slug, "stripe", "--secret-stdin", input="whsec_1")
    await execute(
        postgres_dsn, "UPDATE control.users SET totp_secret_encrypted = 'x' WHERE email = $1", f"ana@{slug}.example"
    )
    assert await failing(postgres_dsn, slug) == set()

    new = ("destination", "add", slug, "meta", "--pixel-id", "1234567890", "--token-stdin")
    await asyncio.to_thread(orylo, *new, input="EAA")
    await execute(postgres_dsn, SEND_TEST_EVENTS, slug)
    await execute(postgres_dsn, EXPIRE, slug, datetime.now(UTC) + timedelta(days=6))
    assert await failing(postgres_dsn, slug) == {"test events", "tokens"}

    await execute(postgres_dsn, EXPIRE, slug, datetime.now(UTC) + timedelta(days=8))
    assert await failing(postgres_dsn, slug) == {"test events"}
    await execute(
        postgres_dsn,
        "UPDATE control.tenants SET suspended_at = now(), suspension_reason = 'test' WHERE slug = $1",
        slug,
    )
    assert await failing(postgres_dsn, slug) == set()


async def test_the_demos_user_must_be_disabled(orylo: Run, postgres_dsn: str) -> None:
    slug = f"shop-{uuid4().hex[:8]}"
    await asyncio.to_thread(orylo, "tenant", "create", slug)
    await asyncio.to_thread(orylo, "user", "create", slug, DEMO_USER, "--role", "owner")
    assert "demo user" in await failing(postgres_dsn, slug)
    await asyncio.to_thread(orylo, "user", "create", slug, f"ana@{slug}.example", "--role", "owner")
    await asyncio.to_thread(orylo, "user", "disable", slug, DEMO_USER)
    assert "demo user" not in await failing(postgres_dsn, slug)


def test_the_command_fails_with_advice(orylo: Run) -> None:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)
    result = orylo("doctor", "--production", "--json")
    checks = {check["name"]: check for check in orjson.loads(result.stdout)["checks"]}
    assert result.exit_code == 1
    assert not checks["gateways"]["ok"]
    assert "orylo gateway set" in checks["gateways"]["advice"]
    # The tests' server archives nothing.
    assert not checks["backup"]["ok"]
    assert {"durability", "encryption", "2nd factor", "test events", "tokens", "demo user"} < checks.keys()
