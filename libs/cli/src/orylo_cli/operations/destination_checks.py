"""Checks of destinations, on dispatch's private port."""

import os
from typing import Any, Literal
from uuid import UUID

import aiohttp

from orylo_api.destinations.dispatch_client import DispatchClient
from orylo_api.errors import RequestError
from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.target import Target

Check = Literal["probe", "test"]


async def ask_dispatch(
    target: Target, check: Check, tenant_id: UUID, destination_id: UUID, *, code: str | None
) -> dict[str, Any]:
    """Return the destination's answer. Raises `EmbeddedError` and `TransientError`."""
    async with aiohttp.ClientSession() as session:
        dispatch = DispatchClient(session, _dispatch_url(target))
        try:
            if check == "probe":
                return await dispatch.probe(tenant_id, destination_id)
            return await dispatch.send_test(tenant_id, destination_id, code)
        except RequestError as error:
            raise EmbeddedError(str(error)) from None


def _dispatch_url(target: Target) -> str:
    if target.running is not None:
        return f"{target.running.health_url}/dispatch"
    url = os.environ.get("ORYLO_DISPATCH_URL")
    if not url:
        raise EmbeddedError("the platform is not running: start it with `orylo up`, or set ORYLO_DISPATCH_URL")
    return url
