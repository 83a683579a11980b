"""Meta's Conversions API as a `Sink`."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import aiohttp
import orjson
from pydantic import ValidationError

from orylo_common.control import Destination
from orylo_common.resilience.retry import RetryPolicy
from orylo_dispatch.delivery.sink import Fault
from orylo_dispatch.destinations.meta.bisect import BatchBisection
from orylo_dispatch.destinations.meta.client import MetaClient
from orylo_dispatch.destinations.meta.event import to_meta_event
from orylo_dispatch.destinations.meta.limits import DEDUPE_WINDOW, MAX_BYTES, MAX_EVENTS
from orylo_dispatch.destinations.meta.rules import find_fault
from orylo_dispatch.domain.attempt import DeliveryAttempt
from orylo_dispatch.domain.conversion import OutgoingConversion
from orylo_dispatch.domain.quality import EventQuality

UNREADABLE = Fault("unreadable", "The stored conversion cannot be read.")


class MetaConversions:
    """One dataset with one token. Its payloads are stored `OutgoingConversion`s."""

    batch_size = MAX_EVENTS
    dedupe_window = DEDUPE_WINDOW

    def __init__(
        self,
        destination: Destination,
        *,
        session: aiohttp.ClientSession,
        base_url: str,
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008  frozen
    ) -> None:
        self.retries = retries
        self._site_url = destination.config.get("site_url")
        self._client = MetaClient(destination, session=session, base_url=base_url)

    def encode(self, payload: Any, *, now: datetime) -> bytes | Fault:
        try:
            conversion = OutgoingConversion.model_validate(payload)
        except ValidationError:
            # Of another release, or damaged.
            return UNREADABLE
        fault = find_fault(conversion, now)
        return fault or orjson.dumps(to_meta_event(conversion, now=now, site_url=self._site_url))

    async def deliver(
        self, bodies: Sequence[bytes], *, may_continue: Callable[[], bool]
    ) -> Sequence[DeliveryAttempt | None]:
        results: list[DeliveryAttempt | None] = []
        for request in _requests(bodies):
            attempts = await BatchBisection(request, self._client.post, may_continue).run()
            results += attempts
            if None in attempts:
                break
        return results + [None] * (len(bodies) - len(results))

    async def probe(self) -> DeliveryAttempt:
        return await self._client.probe()

    async def quality(self) -> tuple[EventQuality, ...] | DeliveryAttempt:
        return await self._client.quality()

    async def token_expires_at(self) -> datetime | None:
        return await self._client.token_expires_at()


def _requests(events: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Split into consecutive parts that each fit into one request."""
    start, size = 0, 0
    for position, event in enumerate(events):
        size += len(event) + 1
        if position > start and (size > MAX_BYTES or position - start == MAX_EVENTS):
            yield events[start:position]
            start, size = position, len(event) + 1
    if start < len(events):
        yield events[start:]
