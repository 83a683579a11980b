"""Calls ingest's private port."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import aiohttp

from orylo_api.errors import Conflict, NotFound
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem

# Every answer is bounded, and takes milliseconds.
TIMEOUT = timedelta(seconds=4)
NOT_CONFIGURED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "ingest_not_configured",
    "The API does not know where ingest is. Its operator has to set ORYLO_INGEST_PRIVATE_URL.",
    title="Not configured",
)


class IngestClient:
    """Each call is about one tenant's webhooks. Raises `TransientError` while ingest cannot be reached."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str | None) -> None:
        self._session = session
        self._base_url = base_url

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

    async def read_activity(self, tenant_id: UUID) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self._call("GET", f"/tenants/{tenant_id}/gateways"))["items"]
        return items

    async def read_hours(self, tenant_id: UUID, gateway: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        path = f"/tenants/{tenant_id}/gateways/{gateway}/hours"
        items: list[dict[str, Any]] = (await self._call("GET", path, query))["items"]
        return items

    async def _call(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        if self._base_url is None:
            raise HTTPProblem(NOT_CONFIGURED)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT.total_seconds())
        try:
            async with self._session.request(
                method, f"{self._base_url}{path}", params=query, timeout=timeout
            ) as response:
                if response.status == HTTPStatus.NOT_FOUND:
                    raise NotFound("the webhook does not exist")
                if response.status == HTTPStatus.CONFLICT:
                    raise Conflict(
                        "the event arrived before with another body, which was processed", code="not_resendable"
                    )
                response.raise_for_status()
                return await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientError("ingest cannot be reached") from error
