"""The event bus as the services see it; `rabbitmq`, `sqs` and `postgres` are its three adapters.

Messages are delivered at least once, in no guaranteed order. `topology.py` defines the bindings of each queue.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from orylo_common.errors import TransientError


class PublishNotConfirmed(TransientError):
    """The broker did not confirm every message. Consumers may receive some of them twice after a repeated publish."""


class BrokerUnavailable(TransientError):
    """The broker cannot be reached, or the connection was lost during the call."""


@dataclass(slots=True)
class Outgoing:
    """A message to publish. `body` is the result of `messages.encode`.

    `row` is the outbox's row of several messages that it was written to, if any (`postgres/outbox_rows.py`).
    """

    message_id: UUID
    type: str
    body: bytes
    row: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class DeadLetterInfo:
    """The reason and the time of a message's dead-lettering. `attempts` counts its deliveries."""

    queue: str
    reason: str
    attempts: int
    first_failed_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a message. `delivery_count` starts at 1; `dead_letter` is set in dead-letter queues."""

    body: bytes
    delivery_count: int
    dead_letter: DeadLetterInfo | None = None
    handle: Any = field(default=None, repr=False, compare=False)


class QueueSubscription(Protocol):
    """One consumer's subscription to a queue. Several subscriptions to one queue compete for its messages.

    Every method raises `BrokerUnavailable` once the connection is lost. Unsettled messages are then redelivered, and
    the lost delivery counts. Close the subscription and open a new one.
    """

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        """Return up to `limit` deliveries: at once if there are any, else when the first arrives, or none after `wait`.

        At most `prefetch` deliveries are unsettled at a time. Returns none at once if the subscription is stopped
        during the wait; raises `BrokerUnavailable` if it was stopped before.
        """

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge handled deliveries."""

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        """Redeliver after `delay` (at most 1 h) or later, with `delivery_count` one higher."""

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Return untried deliveries to the queue. They are redelivered soon, and this delivery does not count."""

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """Move the message to the queue's dead-letter queue with `reason`.

        Not for a delivery from a dead-letter queue: it stays there until it is acknowledged.
        """

    async def stop(self) -> None:
        """Stop receiving, and release prefetched messages. Received deliveries can still be settled."""

    async def close(self) -> None:
        """Stop, and release all unsettled deliveries."""


class Broker(Protocol):
    """A connection to the bus, for one process."""

    async def declare(self) -> None:
        """Declare every queue and binding of the topology. Safe to repeat and to run concurrently."""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish each message to every queue bound to its type.

        Returns once the broker has confirmed all messages; raises `PublishNotConfirmed` otherwise.
        """

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        """Hand a message to this process's own subscriptions, if they are all the message needs.

        Returns false if the message must be published. Otherwise the caller keeps a durable copy until `settled` is
        called with the message's id, and true if no queue needs the copy any more. False: publish the copy.
        """

    async def redrive(self, queue: str, messages: Sequence[Outgoing]) -> None:
        """Publish messages to one queue only, with their history reset. Confirmed as by `publish`."""

    async def subscribe(self, queue: str, *, prefetch: int) -> QueueSubscription: ...

    async def depths(self, queues: Collection[str]) -> dict[str, int]:
        """Count the messages waiting in each queue, including those waiting for a retry, excluding unsettled ones."""

    async def ping(self) -> None:
        """Check the connection. Raises `TransientError` if the bus cannot be reached."""

    async def close(self) -> None: ...
