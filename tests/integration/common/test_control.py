from collections.abc import AsyncIterator

import asyncpg
import pytest

from orylo_common.control import ControlPlane, Keyring, Part, Tenant, TenantSettings, admin, open_control
from orylo_common.control.keyring import WrongMasterKey
from orylo_common.control.models import Role
from orylo_common.postgres.pool import open_pool
from tests.support.eventually import eventually

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
        yield await admin.create_tenant(connection, "loja")
    await pool.execute("TRUNCATE control.tenants CASCADE")


@pytest.fixture
async def plane(postgres_dsn: str, tenant: Tenant) -> AsyncIterator[ControlPlane]:
    async with open_control(postgres_dsn, role="postgres", keyring=KEYRING, parts=frozenset(Part)) as plane:
        yield plane


async def test_a_change_is_seen_without_asking(pool: asyncpg.Pool, tenant: Tenant, plane: ControlPlane) -> None:
    assert plane.gateway(tenant.id, "stripe") is None

    async with pool.acquire() as connection:
        await admin.set_gateway(connection, tenant.id, "stripe", allowed_networks=("203.0.113.0/24",))
        for label in ("old", "new"):
            await admin.put_gateway_secret(connection, KEYRING, tenant.id, "stripe", label=label, secret=f"is {label}")

    await eventually(lambda: len(getattr(plane.gateway(tenant.id, "stripe"), "secrets", ())) == 2)
    setting = plane.gateway(tenant.id, "stripe")
    assert setting is not None
    assert {secret.label: secret.value for secret in setting.secrets} == {"old": b"is old", "new": b"is new"}
    assert setting.allowed_networks == ("203.0.113.0/24",)
    assert "is new" not in repr(setting)


async def test_a_tenant_is_found_by_slug_and_by_id(tenant: Tenant, plane: ControlPlane) -> None:
    assert plane.tenant("loja") == plane.tenant(str(tenant.id)) == tenant
    assert plane.tenants() == (tenant,)
    assert plane.tenant("another") is None


async def test_settings_fall_back_to_their_defaults(pool: asyncpg.Pool, tenant: Tenant, plane: ControlPlane) -> None:
    assert plane.settings(tenant.id, Colours) == Colours()

    async with pool.acquire() as connection:
        await admin.put_settings(connection, tenant.id, Colours(sky="red"))
    await eventually(lambda: plane.settings(tenant.id, Colours).sky == "red")
    assert await pool.fetchval("SELECT value FROM control.settings") == {"sky": "red"}

    await pool.execute("""UPDATE control.settings SET value = '{"depth": "deep"}'""")
    await eventually(lambda: plane.settings(tenant.id, Colours) == Colours())


async def test_secrets_are_encrypted_and_another_key_cannot_read_them(
    postgres_dsn: str, pool: asyncpg.Pool, tenant: Tenant
) -> None:
    async with pool.acquire() as connection:
        await admin.add_destination(
            connection, KEYRING, tenant.id, "meta", name="Meta", config={"pixel_id": "1"}, secret="EAA-a-token"
        )
    assert b"EAA" not in await pool.fetchval("SELECT secret_encrypted FROM control.destinations")

    with pytest.raises(WrongMasterKey):
        async with open_control(
            postgres_dsn, role="postgres", keyring=Keyring([Keyring.generate()]), parts=frozenset(Part)
        ):
            pass


async def test_a_rotated_master_key_still_opens_old_secrets() -> None:
    new_key = Keyring.generate()
    old_key = Keyring.generate()
    encrypted = Keyring([old_key]).encrypt("whsec")

    rotated = Keyring.parse(f"{new_key}, {old_key}").rotate(encrypted)

    assert Keyring([new_key]).decrypt(rotated) == "whsec"


async def test_the_plane_survives_a_cut_connection(pool: asyncpg.Pool, tenant: Tenant, plane: ControlPlane) -> None:
    await pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE 'LISTEN%'"
    )
    assert plane.tenant("loja") == tenant

    async with pool.acquire() as connection:
        second = await admin.create_tenant(connection, "segunda")
    await eventually(lambda: plane.tenant("segunda") == second)


async def test_refusals_say_why(pool: asyncpg.Pool, tenant: Tenant) -> None:
    async with pool.acquire() as connection:
        for wrong, why in (
            (admin.create_tenant(connection, "loja"), "exists already"),
            (admin.create_tenant(connection, "Not A Slug"), "is no slug"),
            (admin.find_tenant(connection, "nobody"), "no tenant"),
            (admin.create_user(connection, tenant.id, "nobody", password="long enough", role=Role.OWNER), "no e-mail"),
            (admin.create_user(connection, tenant.id, "a@b.co", password="short", role=Role.OWNER), "at least 10"),
            (admin.set_gateway(connection, tenant.id, "stripe", allowed_networks=("10.0.0.1/8",)), "host bits zero"),
        ):
            with pytest.raises(admin.Refused, match=why):
                await wrong
