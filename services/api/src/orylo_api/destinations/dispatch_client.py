"""Calls dispatch's private port."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import aiohttp

from orylo_api.errors import Conflict, NotFound
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem

# A check waits up to 10 s for the destination's answer.
TIMEOUT = timedelta(seconds=13)
NOT_CONFIGURED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "dispatch_not_configured",
    "The API does not know where dispatch is. Its operator has to set ORYLO_DISPATCH_URL.",
    title="Not configured",
)


class DispatchClient:
    """Every method raises `NotFound` and `TransientError`."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str | None) -> None:
        self._session = session
        self._base_url = base_url

    async def conversion(self, tenant_id: UUID, conversion_id: UUID) -> dict[str, Any]:
        """Return a conversion's state, event and attempts."""
        return await self._call("GET", f"/tenants/{tenant_id}/conversions/{conversion_id}")

    async def probe(self, tenant_id: UUID, destination_id: UUID) -> dict[str, Any]:
        """Check the token and the configuration. Return the destination's answer."""
        return await self._call("POST", f"/tenants/{tenant_id}/destinations/{destination_id}/probe")

    async def send_test(self, tenant_id: UUID, destination_id: UUID, code: str | None) -> dict[str, Any]:
        """Send a test event. Return the destination's answer. Raises `Conflict` if it takes none."""
        query = {"code": code} if code else {}
        return await self._call("POST", f"/tenants/{tenant_id}/destinations/{destination_id}/test", query)

    async def _call(self, method: str, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        if self._base_url is None:
            raise HTTPProblem(NOT_CONFIGURED)
        try:
            async with self._session.request(
                method,
                self._base_url + path,
                params=query,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT.total_seconds()),
            ) as response:
                if response.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                    response.raise_for_status()
                # Problems too, whose media type is another.
                answer: dict[str, Any] = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientError("dispatch cannot be reached") from error
        if response.status == HTTPStatus.NOT_FOUND:
            raise NotFound("dispatch does not know it")
        if response.status == HTTPStatus.CONFLICT:
            raise Conflict(answer["detail"].removesuffix("."), code=answer["code"])
        return answer
