"""The signers of webhooks that Orylo sends to itself."""

from typing import get_args

from orylo_cli.console import exit_with_error
from orylo_cli.simulate.requests import SimulatedGateway
from orylo_cli.target import OWN_ROLE, Target
from orylo_common.control.plane import ControlPlane, Part
from orylo_common.postgres.pool import open_pool
from orylo_common.webhook_signing import WebhookSigner


async def read_signers(target: Target, tenant: str) -> dict[SimulatedGateway, WebhookSigner]:
    """Return a signer per enabled gateway, with the newest of its secrets."""
    async with open_pool(target.database_url, role=OWN_ROLE, max_size=1) as pool:
        plane = ControlPlane(pool, target.keyring(), frozenset({Part.GATEWAYS}))
        await plane.reload()
    found = plane.tenant(tenant)
    if found is None:
        exit_with_error(f"tenant {tenant!r} does not exist: orylo tenant create {tenant}")
    signers: dict[SimulatedGateway, WebhookSigner] = {}
    for gateway in get_args(SimulatedGateway):
        setting = plane.gateway(found.id, gateway)
        if setting and setting.enabled and setting.secrets:
            signers[gateway] = WebhookSigner(gateway, setting.secrets[0].value.decode(), setting.mode)
    return signers
