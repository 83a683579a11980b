"""The demo's tenant: a shop with two gateways, a user who can sign in, and a destination."""

from contextlib import suppress

from orylo_cli.simulate import SimulatedGateway
from orylo_common.control.audit import Actor
from orylo_common.control.destinations import add_destination, disable_destination
from orylo_common.control.errors import InvalidChange
from orylo_common.control.gateway_secrets import remove_gateway_secret
from orylo_common.control.gateways import GatewayConfig, set_gateway_with_secret
from orylo_common.control.keyring import Keyring
from orylo_common.control.master_key import check_master_key
from orylo_common.control.models import Role, Tenant
from orylo_common.control.tenants import create_tenant, find_tenant
from orylo_common.control.users import create_user, disable_user, enable_user, list_users
from orylo_common.postgres.pool import Connection
from orylo_common.webhook_signing import WebhookSigner

TENANT = "demo"
EMAIL = "demo@orylo.test"

# The password and the secrets are public, so the demo only listens on the loopback interface.
PASSWORD = "orylo-demo"  # noqa: S105
SIGNERS: dict[SimulatedGateway, WebhookSigner] = {
    "stripe": WebhookSigner("stripe", "whsec_orylo_demo"),
    "hotmart": WebhookSigner("hotmart", "orylo-demo-hottok"),
}

LABEL = "demo"
DESTINATION = "demo"

FAKE_META_ONLY = (
    "conversions of every shop in this folder go to the demo's fake Meta, never to Meta; "
    "later sales are sent to Meta once `orylo up` runs without --demo"
)
HAS_REAL_SHOPS_ONLY = """
    SELECT EXISTS (SELECT FROM control.destinations) AND NOT EXISTS (SELECT FROM control.tenants WHERE slug = $1)
"""


async def set_up_shop(connection: Connection, keyring: Keyring, actor: Actor) -> None:
    """Create the demo shop, or restore its configuration.

    Raises `InvalidChange` if the folder has shops with destinations but no demo shop, because conversions of real
    sales would be marked as sent although only the fake Meta received them.
    """
    if await connection.fetchval(HAS_REAL_SHOPS_ONLY, TENANT):
        raise InvalidChange(
            "the shops in this folder send conversions to Meta, and the demo's fake Meta would receive them instead: "
            "use another folder for the demo with --data-dir"
        )
    await check_master_key(connection, keyring)
    tenant = await _find_or_create(connection, actor)
    if await list_users(connection, tenant.id):
        await enable_user(connection, tenant.id, EMAIL, actor=actor)
    else:
        await create_user(connection, tenant.id, EMAIL, password=PASSWORD, role=Role.OWNER, actor=actor)
    for gateway, signer in SIGNERS.items():
        await set_gateway_with_secret(
            connection, keyring, tenant.id, gateway, GatewayConfig(), label=LABEL, secret=signer.secret, actor=actor
        )
    await add_destination(
        connection,
        keyring,
        tenant.id,
        "meta",
        name=DESTINATION,
        config={"pixel_id": "1234567890", "site_url": "https://demo-shop.test"},
        secret="EAAdemo",  # noqa: S106
        actor=actor,
    )


async def close_shop(connection: Connection, actor: Actor) -> None:
    """Disable everything with public credentials: the user, the secrets, the destination. The history stays."""
    try:
        tenant = await find_tenant(connection, TENANT)
    except InvalidChange:
        return
    with suppress(InvalidChange):
        await disable_user(connection, tenant.id, EMAIL, actor=actor)
    with suppress(InvalidChange):
        await disable_destination(connection, tenant.id, "meta", name=DESTINATION, actor=actor)
    for gateway in SIGNERS:
        with suppress(InvalidChange):
            await remove_gateway_secret(connection, tenant.id, gateway, label=LABEL, actor=actor)


async def _find_or_create(connection: Connection, actor: Actor) -> Tenant:
    try:
        return await find_tenant(connection, TENANT)
    except InvalidChange:
        return await create_tenant(connection, TENANT, name="Demo shop", actor=actor)
