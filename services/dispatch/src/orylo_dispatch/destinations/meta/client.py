"""Calls of Meta's Conversions API, each with its outcome."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from pydantic import ValidationError

from orylo_common.control import Destination
from orylo_common.errors import TransientError
from orylo_common.http.answers import read_object
from orylo_dispatch.destinations.meta.errors import attempt_of, classify
from orylo_dispatch.destinations.meta.limits import MAX_ANSWER_BYTES, TIMEOUT
from orylo_dispatch.destinations.meta.quality import FIELDS, read_quality
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt
from orylo_dispatch.domain.quality import EventQuality

PARTNER_AGENT = "orylo_0_1"

_DATASET_ID = re.compile(r"\d{1,32}")
_TOKEN = re.compile(r"[!-~]+")
# The year 9999.
_MAX_TIME = 253_370_764_800

INCOMPLETE = DeliveryAttempt(
    AttemptOutcome.CONFIGURATION,
    "incomplete",
    "The destination needs a numeric pixel id, and a token on a single line.",
)


class MetaClient:
    """Calls one dataset with one token. `base_url` ends in the version, such as `https://graph.facebook.com/v26.0`.

    Network errors are attempts, not exceptions.
    """

    def __init__(self, destination: Destination, *, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        dataset_id = str(destination.config.get("pixel_id", ""))
        complete = _DATASET_ID.fullmatch(dataset_id) and _TOKEN.fullmatch(destination.secret)
        self._dataset_url = f"{base_url}/{dataset_id}" if complete else None
        query = urlencode({"dataset_id": dataset_id, "fields": FIELDS})
        self._quality_url = f"{base_url}/dataset_quality?{query}" if complete else None
        self._debug_url = f"{base_url}/debug_token"
        self._token = destination.secret
        # The token is in a header and not in the URL, because URLs are logged.
        self._headers = {"Authorization": f"Bearer {destination.secret}", "Content-Type": "application/json"}
        envelope = {"partner_agent": PARTNER_AGENT}
        if destination.config.get("test_event_code"):
            envelope["test_event_code"] = str(destination.config["test_event_code"])
        self._envelope = orjson.dumps(envelope)[1:]

    async def post(self, events: Sequence[bytes]) -> DeliveryAttempt:
        body = b'{"data":[' + b",".join(events) + b"]," + self._envelope
        return await self._timed("POST", "/events", body, lambda answer: answer.get("events_received") == len(events))

    async def probe(self) -> DeliveryAttempt:
        """Read the dataset, which changes nothing."""
        return await self._timed("GET", "?fields=id", None, lambda answer: "id" in answer)

    async def quality(self) -> tuple[EventQuality, ...] | DeliveryAttempt:
        """Return Meta's figures of its match quality, or the attempt that it refused."""
        if self._quality_url is None:
            return INCOMPLETE
        answer = await self._ask("GET", self._quality_url, None)
        if isinstance(answer, DeliveryAttempt):
            return answer
        try:
            return read_quality(answer)
        except ValidationError:
            return DeliveryAttempt(
                AttemptOutcome.UNKNOWN, "unreadable", "Meta's figures could not be read.", answered=True
            )

    async def token_expires_at(self) -> datetime | None:
        """Return when Meta says that the token expires; `None` if it never does, or if Meta does not say.

        Meta answers for a token of an app only to that app's tokens, so the token asks about itself. The end of its
        access to users' data, `data_access_expires_at`, does not stop conversions. Raises `TransientError`.
        """
        try:
            async with self._session.get(
                self._debug_url,
                params={"input_token": self._token},
                headers=self._headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                answer = await read_object(response, max_bytes=MAX_ANSWER_BYTES)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientError("Meta did not say when the token expires") from error
        if response.status >= 500:
            raise TransientError("Meta did not say when the token expires")
        data = answer.get("data") if answer else None
        seconds = data.get("expires_at") if isinstance(data, dict) else None
        return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 < seconds < _MAX_TIME else None

    async def _timed(
        self, method: str, path: str, body: bytes | None, confirms: Callable[[Mapping[str, Any]], bool]
    ) -> DeliveryAttempt:
        if self._dataset_url is None:
            return INCOMPLETE
        started = time.perf_counter()
        attempt = await self._call(method, self._dataset_url + path, body, confirms)
        return replace(attempt, duration=timedelta(seconds=time.perf_counter() - started))

    async def _call(
        self, method: str, url: str, body: bytes | None, confirms: Callable[[Mapping[str, Any]], bool]
    ) -> DeliveryAttempt:
        answer = await self._ask(method, url, body)
        return answer if isinstance(answer, DeliveryAttempt) else _accepted(answer, confirmed=confirms(answer))

    async def _ask(self, method: str, url: str, body: bytes | None) -> Mapping[str, Any] | DeliveryAttempt:
        """Return Meta's answer, or the failed attempt."""
        try:
            async with self._session.request(
                method, url, data=body, headers=self._headers, timeout=TIMEOUT, allow_redirects=False
            ) as response:
                answer = await read_object(response, max_bytes=MAX_ANSWER_BYTES)
                if response.status == 200 and answer is not None and "error" not in answer:
                    return answer
                return attempt_of(classify(response.status, answer, response.headers), response.status)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return DeliveryAttempt(AttemptOutcome.TRANSIENT, "unreachable", "Meta could not be reached.")
        except TimeoutError:
            return DeliveryAttempt(AttemptOutcome.UNKNOWN, "timeout", "Meta did not answer in time.")
        except aiohttp.ClientError:
            return DeliveryAttempt(
                AttemptOutcome.UNKNOWN, "disconnected", "The connection to Meta broke before the answer."
            )


def _accepted(answer: Mapping[str, Any], *, confirmed: bool) -> DeliveryAttempt:
    trace_id = str(answer.get("fbtrace_id", ""))[:64] or None
    if confirmed:
        return DeliveryAttempt(AttemptOutcome.DISPATCHED, trace_id=trace_id)
    return DeliveryAttempt(
        AttemptOutcome.UNKNOWN,
        "miscounted",
        "Meta confirmed a different number of events.",
        trace_id=trace_id,
        answered=True,
    )
