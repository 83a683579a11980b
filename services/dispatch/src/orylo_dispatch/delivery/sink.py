"""The port between the delivery engine and a kind of destination."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from orylo_common.control import Destination
from orylo_common.resilience.retry import RetryPolicy
from orylo_dispatch.domain.attempt import DeliveryAttempt
from orylo_dispatch.domain.quality import EventQuality

# Tenant and destination.
DestinationKey = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Fault:
    """The reason not to send a payload; `reason` is a sentence for people."""

    code: str
    reason: str


class Sink(Protocol):
    """One destination, with its limits and its schedule. A payload is opaque to the engine; only the sink reads it."""

    @property
    def batch_size(self) -> int:
        """The most payloads in one call of `deliver`."""

    @property
    def retries(self) -> RetryPolicy:
        """The schedule of retries."""

    @property
    def dedupe_window(self) -> timedelta:
        """The time after the first copy in which the destination recognises and ignores a second one."""

    def encode(self, payload: Any, *, now: datetime) -> bytes | Fault:
        """Return the bytes to send, or the fault for which the destination would refuse the payload."""

    async def deliver(
        self, bodies: Sequence[bytes], *, may_continue: Callable[[], bool]
    ) -> Sequence[DeliveryAttempt | None]:
        """Send what `encode` returned. Return one attempt per body, in order; `None` for one that was not tried.

        Network errors and refusals are attempts, not exceptions. Call `may_continue` between two requests, stop when
        it returns False, and return within 10 s of that.
        """

    async def probe(self) -> DeliveryAttempt:
        """Check, without sending a payload, whether the destination accepts the token and the configuration."""

    async def quality(self) -> tuple[EventQuality, ...] | DeliveryAttempt | None:
        """Return the destination's own figures of what it matched, or its refusal; `None`: it has none."""

    async def token_expires_at(self) -> datetime | None:
        """Return when the destination's token expires; `None` if never, or if the destination does not say.

        Raises `TransientError` if it does not answer.
        """


@dataclass(frozen=True, slots=True)
class SinkKind:
    """A kind of destination: its sinks, and the age at which it no longer accepts a payload."""

    connect: Callable[[Destination], Sink]
    max_age: timedelta
