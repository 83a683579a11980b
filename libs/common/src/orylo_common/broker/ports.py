"""The event bus as the services see it; `rabbitmq.py`, `sqs.py` and `postgres.py` are its three adapters.

At least once, no order promised. What a queue is bound to stands in `topology.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from orylo_common.errors import TransientError


class PublishNotConfirmed(TransientError):
    """The broker did not confirm every message; those it has may arrive again."""


class BrokerUnavailable(TransientError):
    """The broker cannot be reached, or went away in the middle."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way out: `body` is what `messages.encode` made."""

    message_id: UUID
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Death:
    """Why and when a message was set aside. `attempts` counts its deliveries."""

    queue: str
    reason: str
    attempts: int
    first_failed_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One handing-over of a message. `delivery_count` starts at 1; `death` is set in dead-letter queues."""

    body: bytes
    delivery_count: int
    death: Death | None = None
    handle: Any = field(default=None, repr=False, compare=False)


class Subscription(Protocol):
    """One consumer's hold on a queue. Several on one queue compete.

    Every method raises `BrokerUnavailable` once the connection is lost. What was unsettled then comes
    again, counted as delivered; close the subscription and subscribe anew.
    """

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        """Up to `limit` deliveries: at once if there are any, else as soon as one comes, else none after `wait`.

        Never more than the prefetch count are unsettled at a time. None at once if the subscription is stopped
        while it waits; `BrokerUnavailable` if it was before.
        """

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Settle as done."""

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        """Settle as failed for now: it comes again, `delivery_count` one higher, not before `delay` (at most 1 h)."""

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Settle as untouched: they come again soon, and this delivery does not count."""

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """Settle as hopeless: into the queue's dead-letter queue with `reason`.

        Not for a delivery of a dead-letter queue: that one stays until it is acknowledged.
        """

    async def stop(self) -> None:
        """Take no more, and give back what was fetched ahead. What was received can still be settled."""

    async def close(self) -> None:
        """Stop, and give back what is unsettled, as `release` does."""


class Broker(Protocol):
    """A connection to the bus, for one process."""

    async def declare(self) -> None:
        """Make every queue and binding of the topology; safe to repeat and to race."""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Hand over to every queue bound to each message's type.

        Returns once the broker has confirmed all of them; raises `PublishNotConfirmed` otherwise.
        """

    async def redrive(self, queue: str, messages: Sequence[Outgoing]) -> None:
        """Put messages into one queue only, as new; confirmed like `publish`."""

    async def subscribe(self, queue: str, *, prefetch: int) -> Subscription: ...

    async def depth(self, queue: str) -> int:
        """Messages waiting in the queue, those being retried included, those handed over not."""

    async def ping(self) -> None:
        """Raises `TransientError` when the bus cannot be reached."""

    async def close(self) -> None: ...
