"""Calls the detector's private port."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp

from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem

# A decision takes milliseconds. The merchant's checkout waits for it.
TIMEOUT = timedelta(seconds=3)
NOT_CONFIGURED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "detector_not_configured",
    "The API does not know where the detector is. Its operator has to set ORYLO_DETECTOR_URL.",
    title="Not configured",
)


class DetectorClient:
    def __init__(self, session: aiohttp.ClientSession, base_url: str | None) -> None:
        self._session = session
        self._url = f"{base_url}/evaluate" if base_url else None

    async def evaluate(self, payment: bytes, *, dry_run: bool) -> dict[str, Any]:
        """Return the decision on a payment, given as an encoded message. Raises `TransientError`."""
        if self._url is None:
            raise HTTPProblem(NOT_CONFIGURED)
        try:
            async with self._session.post(
                self._url,
                data=payment,
                params={"dry_run": "true"} if dry_run else {},
                timeout=aiohttp.ClientTimeout(total=TIMEOUT.total_seconds()),
            ) as response:
                response.raise_for_status()
                answer: dict[str, Any] = await response.json()
                return answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientError("the detector cannot be reached") from error
