"""The demo's tenant: a shop with two gateways, somebody who signs in, and a destination."""

from contextlib import suppress

from orylo_cli.simulate import Door, Gateway
from orylo_common.control.admin import (
    Refused,
    add_destination,
    check_master_key,
    create_tenant,
    create_user,
    disable_destination,
    disable_user,
    find_tenant,
    put_gateway_secret,
    remove_gateway_secret,
    set_gateway,
)
from orylo_common.control.keyring import Keyring
from orylo_common.control.models import Role, Tenant
from orylo_common.postgres.pool import Connection

TENANT = "demo"
EMAIL = "demo@orylo.test"

# Known to everybody, as the secrets below are, and therefore only for a platform that listens on the loopback.
PASSWORD = "orylo-demo"  # noqa: S105
DOORS: dict[Gateway, Door] = {
    "stripe": Door("stripe", "whsec_orylo_demo"),
    "hotmart": Door("hotmart", "orylo-demo-hottok"),
}

LABEL = "demo"
DESTINATION = "demo"

STAND_IN_ONLY = (
    "conversions of every shop in this folder go to the stand-in, never to Meta; "
    "`orylo up` without --demo sends those of later sales"
)
REAL_SHOPS_ONLY = """
    SELECT EXISTS (SELECT FROM control.destinations) AND NOT EXISTS (SELECT FROM control.tenants WHERE slug = $1)
"""
ENABLE_USER = "UPDATE control.users SET disabled_at = NULL WHERE tenant_id = $1 AND email = $2"


async def set_up_shop(connection: Connection, keyring: Keyring) -> None:
    """Safe to repeat: what is there already stays or is set to the same.

    Raises `Refused` among shops that were there before any demo: their sales would end at the stand-in, as sent.
    """
    if await connection.fetchval(REAL_SHOPS_ONLY, TENANT):
        raise Refused(
            "this folder's shops send to Meta, and in a demo their conversions would go to the stand-in and be lost: "
            "give the demo a folder of its own with --data-dir"
        )
    await check_master_key(connection, keyring)
    tenant = await _tenant(connection)
    if not await connection.fetchval("SELECT true FROM control.users WHERE tenant_id = $1", tenant.id):
        await create_user(connection, tenant.id, EMAIL, password=PASSWORD, role=Role.OWNER)
    await connection.execute(ENABLE_USER, tenant.id, EMAIL)
    for gateway, door in DOORS.items():
        await set_gateway(connection, tenant.id, gateway)
        await put_gateway_secret(connection, keyring, tenant.id, gateway, label=LABEL, secret=door.secret)
    await add_destination(
        connection,
        keyring,
        tenant.id,
        "meta",
        name=DESTINATION,
        config={"pixel_id": "1234567890", "site_url": "https://demo-shop.test"},
        secret="EAAdemo",  # noqa: S106
    )


async def close_shop(connection: Connection) -> None:
    """What everybody knows lets nobody in any more, and no sale of the demo's leaves. Its history stays."""
    try:
        tenant = await find_tenant(connection, TENANT)
    except Refused:
        return
    with suppress(Refused):
        await disable_user(connection, tenant.id, EMAIL)
    with suppress(Refused):
        await disable_destination(connection, tenant.id, "meta", name=DESTINATION)
    for gateway in DOORS:
        with suppress(Refused):
            await remove_gateway_secret(connection, tenant.id, gateway, label=LABEL)


async def _tenant(connection: Connection) -> Tenant:
    try:
        return await find_tenant(connection, TENANT)
    except Refused:
        return await create_tenant(connection, TENANT, name="Demo shop")
