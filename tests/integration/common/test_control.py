import asyncio
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import structlog
from prometheus_client import REGISTRY

from orylo_common.control import Keyring, Tenant, TenantSettings
from orylo_common.control.destinations import add_destination
from orylo_common.control.errors import InvalidChange
from orylo_common.control.gateway_secrets import put_gateway_secret
from orylo_common.control.gateways import GatewayConfig, set_gateway
from orylo_common.control.keyring import WrongMasterKey
from orylo_common.control.models import Role
from orylo_common.control.plane import ControlPlane, Part, open_control
from orylo_common.control.sections.store import write_section
from orylo_common.control.tenants import create_tenant, find_tenant
from orylo_common.control.users import create_user
from orylo_common.postgres.pool import open_pool
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.listening import listeners

pytestmark = pytest.mark.integration

KEYRING = Keyring([Keyring.generate()])


class Colours(TenantSettings):
    section = "colours"
    sky: str = "blue"
    depth: int = 3


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres") as pool:
        yield pool


@pytest.fixture
async def tenant(pool: asyncpg.Pool) -> AsyncIterator[Tenant]:
    async with pool.acquire() as connection:
        yield await create_tenant(connection, "loja", actor=ACTOR)
    await pool.execute("TRUNCATE control.tenants CASCADE")


@pytest.fixture
async def plane(postgres_dsn: str, tenant: Tenant) -> AsyncIterator[ControlPlane]:
    async with open_control(postgres_dsn, role="postgres", keyring=KEYRING, parts=frozenset(Part)) as plane:
        yield plane


async def test_a_change_is_seen_without_asking(pool: asyncpg.Pool, tenant: Tenant, plane: ControlPlane) -> None:
    assert plane.gateway(tenant.id, "stripe") is None

    async with pool.acquire() as connection:
        config = GatewayConfig(allowed_networks=("203.0.113.0/24",), timezone="America/Sao_Paulo")
        await set_gateway(connection, tenant.id, "perfectpay", config, actor=ACTOR)
        for label in ("old", "new"):
            await put_gateway_secret(
                connection, KEYRING, tenant.id, "perfectpay", label=label, secret=f"is {label}", actor=ACTOR
            )

    await eventually(lambda: len(getattr(plane.gateway(tenant.id, "perfectpay"), "secrets", ())) == 2)
    setting = plane.gateway(tenant.id, "perfectpay")
    assert setting is not None
    assert {secret.label: secret.value for secret in setting.secrets} == {"old": b"is old", "new": b"is new"}
    assert (setting.allowed_networks, setting.zone) == (("203.0.113.0/24",), ZoneInfo("America/Sao_Paulo"))
    assert "is new" not in repr(setting)


async def test_a_tenant_is_found_by_slug_and_by_id(tenant: Tenant, plane: ControlPlane) -> None:
    assert plane.tenant("loja") == plane.tenant(str(tenant.id)) == tenant
    assert plane.tenants() == (tenant,)
    assert plane.tenant("another") is None


async def test_settings_fall_back_to_their_defaults(pool: asyncpg.Pool, tenant: Tenant, plane: ControlPlane) -> None:
    assert plane.settings(tenant.id, Colours) == Colours()

    async with pool.acquire() as connection:
        await write_section(connection, tenant.id, Colours(sky="red"), actor=ACTOR)
    await eventually(lambda: plane.settings(tenant.id, Colours).sky == "red")
    assert await pool.fetchval("SELECT value FROM control.settings") == {"sky": "red"}

    await pool.execute("""UPDATE control.settings SET value = '{"depth": "deep"}'""")
    await eventually(lambda: plane.settings(tenant.id, Colours) == Colours())


async def test_secrets_are_encrypted_and_another_key_cannot_read_them(
    postgres_dsn: str, pool: asyncpg.Pool, tenant: Tenant
) -> None:
    async with pool.acquire() as connection:
        await add_destination(
            connection,
            KEYRING,
            tenant.id,
            "meta",
            name="Meta",
            config={"pixel_id": "1"},
            secret="EAA-a-token",
            actor=ACTOR,
        )
    assert b"EAA" not in await pool.fetchval("SELECT secret_encrypted FROM control.destinations")

    with pytest.raises(WrongMasterKey):
        async with open_control(
            postgres_dsn, role="postgres", keyring=Keyring([Keyring.generate()]), parts=frozenset(Part)
        ):
            pass


async def test_a_secret_that_no_key_opens_is_left_out_and_the_others_are_heard_of(
    pool: asyncpg.Pool, tenant: Tenant, plane: ControlPlane
) -> None:
    foreign = Keyring([Keyring.generate()])

    def unreadable(part: str) -> float | None:
        return REGISTRY.get_sample_value("orylo_control_unreadable_secrets", {"part": part})

    with structlog.testing.capture_logs() as logged:
        async with pool.acquire() as connection:
            await set_gateway(connection, tenant.id, "stripe", GatewayConfig(), actor=ACTOR)
            for label, keyring in (("foreign", foreign), ("ours", KEYRING)):
                await put_gateway_secret(
                    connection, keyring, tenant.id, "stripe", label=label, secret=f"is {label}", actor=ACTOR
                )
            for name, keyring in (("foreign", foreign), ("ours", KEYRING)):
                await add_destination(
                    connection, keyring, tenant.id, "meta", name=name, config={}, secret=f"is {name}", actor=ACTOR
                )
        await eventually(lambda: len(plane.destinations(tenant.id)) == 2)
        async with pool.acquire() as connection:
            another = await create_tenant(connection, "outra", actor=ACTOR)
        await eventually(lambda: plane.tenant("outra") == another)

    gateway = plane.gateway(tenant.id, "stripe")
    assert gateway is not None
    assert [secret.label for secret in gateway.secrets] == ["ours"]
    assert {each.name: each.secret for each in plane.destinations(tenant.id)} == {"foreign": "", "ours": "is ours"}
    assert (unreadable("gateways"), unreadable("destinations")) == (1, 1)
    told = [line["part"] for line in logged if line["event"] == "control.secret_unreadable"]
    assert sorted(told) == ["destinations", "gateways"]
    assert "is foreign" not in str(logged)


async def test_an_error_that_no_one_foresaw_does_not_end_the_following(
    pool: asyncpg.Pool, tenant: Tenant, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: ControlPlane) -> None:
        raise RuntimeError("nobody foresaw it")

    with monkeypatch.context() as broken, structlog.testing.capture_logs() as logged:
        broken.setattr(ControlPlane, "reload", fail)
        async with pool.acquire() as connection:
            await create_tenant(connection, "segunda", actor=ACTOR)
        await eventually(lambda: any(line["event"] == "loop.failed" for line in logged))

    await eventually(lambda: plane.tenant("segunda") is not None)


async def test_the_plane_closes_at_once_although_a_change_arrives_in_the_same_moment(
    postgres_dsn: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = listeners(monkeypatch)
    async with asyncio.timeout(45):
        async with open_control(postgres_dsn, role="postgres", keyring=KEYRING, parts=frozenset(Part)):
            await eventually(lambda: len(told) == 1)
            # It has read once more, and waits.
            await asyncio.sleep(0.3)
            told[0]()


async def test_a_rotated_master_key_still_opens_old_secrets() -> None:
    new_key = Keyring.generate()
    old_key = Keyring.generate()
    encrypted = Keyring([old_key]).encrypt("whsec")

    rotated = Keyring.parse(f"{new_key}, {old_key}").rotate(encrypted)

    assert Keyring([new_key]).decrypt(rotated) == "whsec"


async def test_the_plane_survives_a_cut_connection(pool: asyncpg.Pool, tenant: Tenant, plane: ControlPlane) -> None:
    await pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'"
    )
    assert plane.tenant("loja") == tenant

    async with pool.acquire() as connection:
        second = await create_tenant(connection, "segunda", actor=ACTOR)
    await eventually(lambda: plane.tenant("segunda") == second)


async def test_an_invalid_change_says_why(pool: asyncpg.Pool, tenant: Tenant) -> None:
    async def new_user(email: str, password: str) -> None:
        await create_user(connection, tenant.id, email, password=password, role=Role.OWNER, actor=ACTOR)

    async def new_gateway(**config: Any) -> None:
        await set_gateway(connection, tenant.id, "perfectpay", GatewayConfig(**config), actor=ACTOR)

    async with pool.acquire() as connection:
        for invalid, why in (
            (create_tenant(connection, "loja", actor=ACTOR), "already exists"),
            (create_tenant(connection, "Not A Slug", actor=ACTOR), "is not a valid slug"),
            (find_tenant(connection, "nobody"), "does not exist"),
            (new_user("nobody", "long enough"), "not a valid email"),
            (new_user("a@b.co", "short"), "at least 10"),
            (new_gateway(allowed_networks=("10.0.0.1/8",)), "host bits zero"),
            (
                set_gateway(connection, tenant.id, "stripe", GatewayConfig(timezone="UTC"), actor=ACTOR),
                "have a time zone",
            ),
            (new_gateway(timezone="America/Gotham"), "is not a time zone"),
            (new_gateway(timezone="America"), "is not a time zone"),
            (new_gateway(timezone="../localtime"), "is not a time zone"),
        ):
            with pytest.raises(InvalidChange, match=why):
                await invalid
