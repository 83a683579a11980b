"""Asks dispatch about deliveries, and has it check destinations."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp

from orylo_api.private_port import PrivatePort

# A check waits up to 10 s for the destination's answer.
TIMEOUT = timedelta(seconds=13)


class DispatchClient:
    """Every method raises `NotFound` and `TransientError`."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str | None) -> None:
        self._port = PrivatePort(session, "dispatch", base_url, "ORYLO_DISPATCH_URL")

    async def conversion(self, tenant_id: UUID, conversion_id: UUID) -> dict[str, Any]:
        """Return a conversion's state, event and attempts."""
        return await self._call("GET", f"/tenants/{tenant_id}/conversions/{conversion_id}")

    async def probe(self, tenant_id: UUID, destination_id: UUID) -> dict[str, Any]:
        """Check the token and the configuration. Return the destination's answer."""
        return await self._call("POST", f"/tenants/{tenant_id}/destinations/{destination_id}/probe")

    async def quality(self, tenant_id: UUID, destination_id: UUID) -> dict[str, Any]:
        """Return the destination's own figures of its match quality. Raises `Conflict` if its kind has none."""
        return await self._call("GET", f"/tenants/{tenant_id}/destinations/{destination_id}/quality")

    async def send_test(self, tenant_id: UUID, destination_id: UUID, code: str | None) -> dict[str, Any]:
        """Send a test event. Return the destination's answer. Raises `Conflict` if it takes none."""
        query = {"code": code} if code else {}
        return await self._call("POST", f"/tenants/{tenant_id}/destinations/{destination_id}/test", query)

    async def _call(self, method: str, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = await self._port.call(method, path, query, limit=TIMEOUT)
        return answer
