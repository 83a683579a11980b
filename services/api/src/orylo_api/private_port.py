"""Calls another service's private port."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

import aiohttp

from orylo_api.errors import Conflict, NotFound, RequestError
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem

_REFUSALS: Mapping[int, type[RequestError]] = {HTTPStatus.NOT_FOUND: NotFound, HTTPStatus.CONFLICT: Conflict}


def not_configured(service: str, variable: str) -> HTTPProblem:
    """Return the error of a call to a service whose address is not set."""
    problem = Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{service}_not_configured",
        f"The API does not know the address of the service {service}. Its operator has to set {variable}.",
        title="Not configured",
    )
    return HTTPProblem(problem)


@dataclass(frozen=True, slots=True)
class PrivatePort:
    """The private port of `service`. `variable` sets its `base_url`."""

    session: aiohttp.ClientSession
    service: str
    base_url: str | None
    variable: str

    async def call(self, method: str, path: str, query: Mapping[str, str] | None = None, *, limit: timedelta) -> Any:
        """Return the JSON of the response. Raises as `request` does."""
        timeout = aiohttp.ClientTimeout(total=limit.total_seconds())
        async with self.request(method, path, query, timeout=timeout) as response:
            return await response.json(content_type=None)

    @asynccontextmanager
    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        timeout: aiohttp.ClientTimeout,
        data: bytes | AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request. Raises `NotFound` and `Conflict` with the service's reason, and `TransientError`."""
        if self.base_url is None:
            raise not_configured(self.service, self.variable)
        url = self.base_url.rstrip("/") + path
        try:
            async with self.session.request(method, url, params=query, data=data, timeout=timeout) as response:
                if refusal := _REFUSALS.get(response.status):
                    problem = await response.json(content_type=None)
                    raise refusal(problem["detail"].removesuffix("."), code=problem["code"])
                response.raise_for_status()
                yield response
        except (aiohttp.ClientError, TimeoutError, JSONDecodeError) as error:
            raise TransientError(f"the service {self.service} cannot be reached") from error
