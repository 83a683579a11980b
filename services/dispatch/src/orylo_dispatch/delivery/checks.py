"""Checks of a destination that a person asks for: does it accept the token, and a test event?"""

from asyncio import Semaphore
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orylo_common.clock import Clock
from orylo_common.control import Destination
from orylo_common.control.plane import ControlPlane
from orylo_common.messages import DestinationStatus
from orylo_dispatch.delivery.availability import UNDECRYPTABLE, resumed
from orylo_dispatch.delivery.destination_states import DestinationStates
from orylo_dispatch.delivery.sink import DestinationKey, Fault, Sink, SinkKind
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt
from orylo_dispatch.domain.quality import EventQuality

# Each waits for the destination's answer.
CHECKS_AT_ONCE = 8
NO_SECRET = DeliveryAttempt(
    AttemptOutcome.TOKEN, UNDECRYPTABLE, "No master key decrypts the stored token. Enter it again."
)


class UnknownDestination(Exception):
    """The tenant has no such destination."""


@dataclass(frozen=True, slots=True)
class DestinationChecks:
    """`kinds` are those of all senders. `wakers` has the function that makes each kind's deliveries be sent."""

    plane: ControlPlane
    kinds: Mapping[str, SinkKind]
    states: DestinationStates
    wakers: Mapping[str, Callable[[Iterable[DestinationKey]], None]]
    clock: Clock
    turns: Semaphore = field(default_factory=lambda: Semaphore(CHECKS_AT_ONCE))

    async def probe(self, key: DestinationKey) -> DeliveryAttempt:
        """Check the token and the configuration without sending anything. If they are accepted, a hold ends.

        Raises `UnknownDestination` and `PostgresUnavailable`.
        """
        destination = self.find(key)
        if not destination.secret:
            return NO_SECRET
        async with self.turns:
            attempt = await self._connect(destination).probe()
        if attempt.outcome is AttemptOutcome.DISPATCHED:
            await self._resume(key, destination.kind)
        return attempt

    async def quality(self, destination: Destination) -> tuple[EventQuality, ...] | DeliveryAttempt | None:
        """Return the destination's own figures of what it matched, or its refusal; `None`: its kind has none."""
        if not destination.secret:
            return NO_SECRET
        async with self.turns:
            return await self._connect(destination).quality()

    async def send(self, destination: Destination, payload: Any) -> DeliveryAttempt:
        """Send one payload now, outside the queue. Nothing about it is recorded."""
        if not destination.secret:
            return NO_SECRET
        sink = self._connect(destination)
        body = sink.encode(payload, now=self.clock.now())
        if isinstance(body, Fault):
            return DeliveryAttempt(AttemptOutcome.REFUSED, body.code, body.reason)
        async with self.turns:
            [attempt] = await sink.deliver([body], may_continue=lambda: True)
        return attempt or DeliveryAttempt(AttemptOutcome.TRANSIENT)

    def find(self, key: DestinationKey) -> Destination:
        tenant_id, destination_id = key
        for destination in self.plane.destinations(tenant_id):
            if destination.id == destination_id and destination.kind in self.kinds:
                return destination
        raise UnknownDestination

    def _connect(self, destination: Destination) -> Sink:
        return self.kinds[destination.kind].connect(destination)

    async def _resume(self, key: DestinationKey, kind: str) -> None:
        state = self.states.of(key)
        if state is not None and state.status is DestinationStatus.ON_HOLD:
            await self.states.change(key, resumed(state, self.clock.now()))
        self.wakers[kind]([key])


def with_test_code(destination: Destination, code: str | None) -> Destination:
    """Return the destination with this code for test events, if one is given."""
    return replace(destination, config={**destination.config, "test_event_code": code}) if code else destination
