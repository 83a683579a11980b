"""Meta's Conversions API as a `ConversionSink`."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import orjson

from orylo_common.clock import Clock
from orylo_common.control import Destination
from orylo_dispatch.destinations.meta.bisect import Halving
from orylo_dispatch.destinations.meta.errors import Failure, Kind, classify
from orylo_dispatch.destinations.meta.event import to_meta_event
from orylo_dispatch.domain.attempt import Attempt, Outcome
from orylo_dispatch.domain.conversion import Conversion, find_fault

PARTNER_AGENT = "orylo_0_1"
MAX_EVENTS = 1000
# Field experience with Meta's edge is about 1 MB; the rest is for the envelope.
MAX_BYTES = 900_000
# Meta's answers are some hundred bytes; a page of an edge may be anything.
MAX_ANSWER = 65_536
# Most answers come within 0.6 s. What takes longer than the total has an unknown outcome.
TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=1.5)
DEDUPE_WINDOW = timedelta(hours=48)

_DATASET_ID = re.compile(r"\d{1,32}")
_TOKEN = re.compile(r"[!-~]+")

OUTCOMES: Mapping[Kind, Outcome] = {
    Kind.TRANSIENT: Outcome.TRANSIENT,
    Kind.THROTTLED: Outcome.THROTTLED,
    Kind.TOKEN: Outcome.TOKEN,
    Kind.CONFIGURATION: Outcome.CONFIGURATION,
    Kind.EVENT_REFUSED: Outcome.REFUSED,
    Kind.REQUEST_REFUSED: Outcome.REFUSED,
}
INCOMPLETE = Attempt(
    Outcome.CONFIGURATION, "incomplete", "The destination needs a pixel id, which is a number, and a token in one line."
)


class MetaConversions:
    """One dataset with one token. `base_url` holds the version, such as `https://graph.facebook.com/v26.0`."""

    dedupe_window = DEDUPE_WINDOW

    def __init__(
        self, destination: Destination, *, session: aiohttp.ClientSession, base_url: str, clock: Clock
    ) -> None:
        self._config = destination.config
        self._session = session
        self._clock = clock
        dataset_id = str(self._config.get("pixel_id", ""))
        complete = _DATASET_ID.fullmatch(dataset_id) and _TOKEN.fullmatch(destination.secret)
        self._dataset_url = f"{base_url}/{dataset_id}" if complete else None
        # In a header and in no address: addresses end in logs.
        self._headers = {"Authorization": f"Bearer {destination.secret}", "Content-Type": "application/json"}
        envelope = {"partner_agent": PARTNER_AGENT}
        if self._config.get("test_event_code"):
            envelope["test_event_code"] = str(self._config["test_event_code"])
        self._envelope = orjson.dumps(envelope)[1:]

    async def deliver(
        self, conversions: Sequence[Conversion], *, may_go_on: Callable[[], bool]
    ) -> Sequence[Attempt | None]:
        now = self._clock.now()
        results: list[Attempt | None] = [None] * len(conversions)
        events: list[tuple[int, bytes]] = []
        for index, conversion in enumerate(conversions):
            fault = find_fault(conversion, now)
            if fault is not None:
                results[index] = Attempt(Outcome.REFUSED, fault.code, fault.reason)
            else:
                event = to_meta_event(conversion, now=now, site_url=self._config.get("site_url"))
                events.append((index, orjson.dumps(event)))
        for request in _requests(events):
            attempts = await Halving(request, self._post, may_go_on).run()
            for (index, _), attempt in zip(request, attempts, strict=True):
                results[index] = attempt
            if None in attempts:
                break
        return results

    async def probe(self) -> Attempt:
        return await self._timed("GET", "?fields=id", None, lambda body: "id" in body)

    async def _post(self, events: Sequence[tuple[int, bytes]]) -> Attempt:
        body = b'{"data":[' + b",".join(event for _, event in events) + b"]," + self._envelope
        return await self._timed("POST", "/events", body, lambda answer: answer.get("events_received") == len(events))

    async def _timed(
        self, method: str, path: str, body: bytes | None, confirms: Callable[[Mapping[str, Any]], bool]
    ) -> Attempt:
        if self._dataset_url is None:
            return INCOMPLETE
        started = time.perf_counter()
        attempt = await self._call(method, self._dataset_url + path, body, confirms)
        return replace(attempt, duration=timedelta(seconds=time.perf_counter() - started))

    async def _call(
        self, method: str, url: str, body: bytes | None, confirms: Callable[[Mapping[str, Any]], bool]
    ) -> Attempt:
        try:
            async with self._session.request(
                method, url, data=body, headers=self._headers, timeout=TIMEOUT, allow_redirects=False
            ) as response:
                answer = _json_object(await _bounded(response))
                if response.status == 200 and answer is not None and "error" not in answer:
                    return _accepted(answer, confirmed=confirms(answer))
                return _failed(classify(response.status, answer, response.headers), response.status)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Attempt(Outcome.TRANSIENT, "unreachable", "Meta could not be reached.")
        except TimeoutError:
            return Attempt(Outcome.UNKNOWN, "timeout", "Meta did not answer in time.")
        except aiohttp.ClientError:
            return Attempt(Outcome.UNKNOWN, "disconnected", "The connection to Meta broke before the answer.")


def _requests(events: Sequence[tuple[int, bytes]]) -> Iterator[Sequence[tuple[int, bytes]]]:
    """Consecutive parts that each fit into one request."""
    start, size = 0, 0
    for position, (_, event) in enumerate(events):
        size += len(event) + 1
        if position > start and (size > MAX_BYTES or position - start == MAX_EVENTS):
            yield events[start:position]
            start, size = position, len(event) + 1
    if start < len(events):
        yield events[start:]


def _accepted(answer: Mapping[str, Any], *, confirmed: bool) -> Attempt:
    trace_id = str(answer.get("fbtrace_id", ""))[:64] or None
    if confirmed:
        return Attempt(Outcome.DISPATCHED, trace_id=trace_id)
    return Attempt(
        Outcome.UNKNOWN, "miscounted", "Meta received another number of events.", trace_id=trace_id, counts=True
    )


def _failed(failure: Failure, status: int) -> Attempt:
    outcome = OUTCOMES[failure.kind]
    # An edge that gives up says nothing about what stood behind it.
    if outcome is Outcome.TRANSIENT and not failure.answered and (status >= 500 or status == 200):
        outcome = Outcome.UNKNOWN
    return Attempt(
        outcome,
        failure.code,
        failure.reason,
        retry_after=failure.retry_after,
        trace_id=failure.trace_id,
        counts=failure.answered,
        unspecific=failure.kind is Kind.REQUEST_REFUSED,
    )


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_chunked(MAX_ANSWER):
        body += chunk
        if len(body) > MAX_ANSWER:
            break
    return body


def _json_object(body: bytes) -> Mapping[str, Any] | None:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None
