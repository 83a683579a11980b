"""Every writer of the control plane adds one line to the audit log, and the line holds no secret."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from orylo_common.control import Keyring, Tenant
from orylo_common.control.api_keys import create_api_key, list_api_keys, revoke_api_key
from orylo_common.control.audit import Actor
from orylo_common.control.destinations import add_destination, disable_destination
from orylo_common.control.errors import InvalidChange
from orylo_common.control.gateway_secrets import put_gateway_secret, remove_gateway_secret
from orylo_common.control.gateways import GatewayConfig, set_gateway, set_gateway_with_secret
from orylo_common.control.models import Role
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.control.sections.store import write_section
from orylo_common.control.tenants import create_tenant
from orylo_common.control.users import create_user, disable_user, enable_user
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import open_pool
from tests.support.actors import ACTOR

pytestmark = pytest.mark.integration

KEYRING = Keyring([Keyring.generate()])
SECRET = "very secret value"
LINES = "SELECT * FROM control.audit_log WHERE tenant_id = $1 ORDER BY at, id"


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres") as pool:
        yield pool


@pytest.fixture
async def tenant(pool: asyncpg.Pool) -> AsyncIterator[Tenant]:
    async with pool.acquire() as connection:
        yield await create_tenant(connection, f"loja-{uuid7().hex}", actor=ACTOR)


@pytest.fixture
async def connection(pool: asyncpg.Pool) -> AsyncIterator[Any]:
    async with pool.acquire() as connection:
        yield connection


async def new_line(connection: Any, tenant_id: UUID, write: Callable[[], Awaitable[Any]]) -> tuple[str, Any, Any]:
    """Return action, before and after of the one line that `write` adds."""
    known = len(await connection.fetch(LINES, tenant_id))
    await write()
    lines = await connection.fetch(LINES, tenant_id)
    assert len(lines) == known + 1
    line = lines[-1]
    assert SECRET not in str(dict(line))
    assert (line["actor_kind"], line["actor_id"], line["actor"]) == ("command", None, "cli:tests")
    assert (line["address"], line["user_agent"]) == ("localhost", "pytest")
    return line["action"], line["before"], line["after"]


async def test_a_new_tenant_has_its_line(connection: Any, tenant: Tenant) -> None:
    (line,) = await connection.fetch(LINES, tenant.id)
    assert (line["action"], line["subject"], line["before"]) == ("tenant.create", f"tenant {tenant.slug}", None)
    assert line["after"] == {"slug": tenant.slug, "name": tenant.slug}


async def test_users_and_keys(connection: Any, tenant: Tenant) -> None:
    email = "ana@example.com"
    assert await new_line(
        connection,
        tenant.id,
        lambda: create_user(connection, tenant.id, email, password=SECRET, role=Role.OWNER, actor=ACTOR),
    ) == ("user.create", None, {"email": email, "role": "owner"})
    active, disabled = {"role": "owner", "disabled": False}, {"role": "owner", "disabled": True}
    assert await new_line(connection, tenant.id, lambda: disable_user(connection, tenant.id, email, actor=ACTOR)) == (
        "user.disable",
        active,
        disabled,
    )
    assert await new_line(connection, tenant.id, lambda: enable_user(connection, tenant.id, email, actor=ACTOR)) == (
        "user.enable",
        disabled,
        active,
    )

    assert await new_line(
        connection,
        tenant.id,
        lambda: create_api_key(connection, tenant.id, name="reports", role=Role.VIEWER, actor=ACTOR),
    ) == ("api_key.create", None, {"name": "reports", "role": "viewer"})
    (key,) = await list_api_keys(connection, tenant.id)
    assert await new_line(
        connection, tenant.id, lambda: revoke_api_key(connection, tenant.id, key.id, actor=ACTOR)
    ) == (
        "api_key.revoke",
        {"name": "reports", "role": "viewer", "revoked": False},
        {"name": "reports", "role": "viewer", "revoked": True},
    )


async def test_gateways_and_their_secrets(connection: Any, tenant: Tenant) -> None:
    native = {
        "enabled": True, "mode": "native", "accept": ["live", "test"], "allowed_networks": [], "timezone": None
    }  # fmt: skip
    assert await new_line(
        connection,
        tenant.id,
        lambda: set_gateway_with_secret(
            connection, KEYRING, tenant.id, "stripe", GatewayConfig(), label="one", secret=SECRET, actor=ACTOR
        ),
    ) == ("gateway.set", None, {**native, "secret_label": "one"})
    assert await new_line(
        connection,
        tenant.id,
        lambda: set_gateway(connection, tenant.id, "stripe", GatewayConfig(mode="hmac"), actor=ACTOR),
    ) == ("gateway.set", native, {**native, "mode": "hmac"})

    def put() -> Awaitable[None]:
        return put_gateway_secret(connection, KEYRING, tenant.id, "stripe", label="two", secret=SECRET, actor=ACTOR)

    two = {"label": "two"}
    assert await new_line(connection, tenant.id, put) == ("gateway_secret.add", None, two)
    assert await new_line(connection, tenant.id, put) == ("gateway_secret.replace", two, two)
    assert await new_line(
        connection,
        tenant.id,
        lambda: remove_gateway_secret(connection, tenant.id, "stripe", label="two", actor=ACTOR),
    ) == ("gateway_secret.remove", two, None)


async def test_destinations(connection: Any, tenant: Tenant) -> None:
    def add(pixel_id: str) -> Awaitable[UUID]:
        config = {"pixel_id": pixel_id}
        return add_destination(
            connection, KEYRING, tenant.id, "meta", name="default", config=config, secret=SECRET, actor=ACTOR
        )

    first, second = ({"config": {"pixel_id": pixel_id}, "enabled": True} for pixel_id in ("1", "2"))
    assert await new_line(connection, tenant.id, lambda: add("1")) == ("destination.add", None, first)
    assert await new_line(connection, tenant.id, lambda: add("2")) == ("destination.replace", first, second)
    assert await new_line(
        connection, tenant.id, lambda: disable_destination(connection, tenant.id, "meta", name="default", actor=ACTOR)
    ) == ("destination.disable", second, {**second, "enabled": False})


async def test_settings(connection: Any, tenant: Tenant) -> None:
    async def write(**values: int) -> None:
        async with connection.transaction():
            await write_section(connection, tenant.id, LimitSettings(**values), actor=ACTOR)

    assert await new_line(connection, tenant.id, lambda: write(visits=5)) == ("settings.set", None, {"visits": 5})
    assert await new_line(connection, tenant.id, lambda: write(webhooks=9)) == (
        "settings.set", {"visits": 5}, {"webhooks": 9}
    )  # fmt: skip


async def test_an_invalid_change_leaves_no_line(connection: Any, tenant: Tenant) -> None:
    with pytest.raises(InvalidChange):
        await disable_user(connection, tenant.id, "nobody@example.com", actor=ACTOR)
    assert len(await connection.fetch(LINES, tenant.id)) == 1


async def test_a_change_that_is_rolled_back_leaves_no_line(connection: Any, tenant: Tenant) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await write_section(connection, tenant.id, LimitSettings(visits=5), actor=ACTOR)
    await transaction.rollback()
    assert len(await connection.fetch(LINES, tenant.id)) == 1


async def test_a_user_has_an_id_and_a_command_has_none(connection: Any, tenant: Tenant) -> None:
    for actor in (Actor("user", None, "ana", "", ""), Actor("command", uuid7(), "cli:ana", "", "")):
        with pytest.raises(asyncpg.CheckViolationError):
            async with connection.transaction():
                await write_section(connection, tenant.id, LimitSettings(visits=6), actor=actor)


@pytest.mark.parametrize("role", ["orylo_api", "orylo_api_projector"])
async def test_a_role_may_add_and_read_lines_and_neither_change_nor_delete_them(postgres_dsn: str, role: str) -> None:
    async with open_pool(postgres_dsn, role=role, max_size=1) as pool:
        for statement in ("UPDATE control.audit_log SET actor = ''", "DELETE FROM control.audit_log"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(statement)
        await pool.fetch("SELECT * FROM control.audit_log")


@pytest.mark.parametrize("role", ["orylo_ingest", "orylo_detector", "orylo_trust", "orylo_dispatch"])
async def test_other_services_cannot_read_it(postgres_dsn: str, role: str) -> None:
    async with open_pool(postgres_dsn, role=role, max_size=1) as pool:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.fetch("SELECT * FROM control.audit_log")
