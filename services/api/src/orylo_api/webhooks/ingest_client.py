"""Asks ingest about stored webhooks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp

from orylo_api.private_port import PrivatePort

# Every answer is bounded, and takes milliseconds.
TIMEOUT = timedelta(seconds=4)


class IngestClient:
    """Each call is about one tenant's webhooks. Raises `TransientError` while ingest cannot be reached."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str | None) -> None:
        self._port = PrivatePort(session, "ingest", base_url, "ORYLO_INGEST_PRIVATE_URL")

    async def list_webhooks(self, tenant_id: UUID, query: Mapping[str, str]) -> dict[str, Any]:
        answer: dict[str, Any] = await self._call("GET", f"/tenants/{tenant_id}/webhooks", query)
        return answer

    async def find_webhook(self, tenant_id: UUID, webhook_id: UUID) -> dict[str, Any]:
        """Raises `NotFound`."""
        answer: dict[str, Any] = await self._call("GET", f"/tenants/{tenant_id}/webhooks/{webhook_id}")
        return answer

    async def read_payload(self, tenant_id: UUID, webhook_id: UUID) -> Any:
        """Raises `NotFound`."""
        return await self._call("GET", f"/tenants/{tenant_id}/webhooks/{webhook_id}/payload")

    async def resend_webhook(self, tenant_id: UUID, webhook_id: UUID) -> dict[str, Any]:
        """Raises `NotFound`, and `Conflict` if the webhook is a conflict."""
        answer: dict[str, Any] = await self._call("POST", f"/tenants/{tenant_id}/webhooks/{webhook_id}/resend")
        return answer

    async def read_messages(self, tenant_id: UUID, after: str) -> dict[str, Any]:
        """Return the messages of a page of webhooks, oldest first. `after` is a time and an id."""
        answer: dict[str, Any] = await self._call("GET", f"/tenants/{tenant_id}/messages", {"after": after})
        return answer

    async def read_activity(self, tenant_id: UUID) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self._call("GET", f"/tenants/{tenant_id}/gateways"))["items"]
        return items

    async def read_hours(self, tenant_id: UUID, gateway: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        path = f"/tenants/{tenant_id}/gateways/{gateway}/hours"
        items: list[dict[str, Any]] = (await self._call("GET", path, query))["items"]
        return items

    async def _call(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        return await self._port.call(method, path, query, limit=TIMEOUT)
