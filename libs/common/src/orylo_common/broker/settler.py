"""Settle deliveries with the broker. Acknowledgements are sent in batches."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

from orylo_common.broker.answering import BrokerHangs, answered
from orylo_common.broker.outcomes import Done, Outcome, Reject, Release, Retry
from orylo_common.broker.ports import Delivery, QueueSubscription
from orylo_common.errors import TransientError
from orylo_common.pace import Pace

# The interval between acknowledgements. An unacknowledged delivery only occupies its place in the prefetch.
PACE = timedelta(milliseconds=30)

log = structlog.get_logger(__name__)


class Settler:
    """Settle the deliveries of one subscription. On exit, all acknowledgements have been sent.

    If the connection is lost, the broker redelivers the deliveries that could not be settled, and `receive` reports
    the loss. `hung` is set once the broker takes too long: the subscription must then be replaced.
    """

    def __init__(self, subscription: QueueSubscription, acknowledged: Callable[[], None]) -> None:
        self._subscription = subscription
        self._acknowledged = acknowledged
        self._done: list[Delivery] = []
        self._pace = Pace(PACE)
        self._acknowledging: asyncio.Task[None] | None = None
        self.unacknowledged = 0
        self.hung: BrokerHangs | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._acknowledging is not None:
            await self._acknowledging

    async def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        if isinstance(outcome, Done):
            self._ack(delivery)
            return
        try:
            async with answered(f"settling as {outcome.name}"):
                match outcome:
                    case Retry(delay=delay):
                        await self._subscription.retry(delivery, delay)
                    case Release():
                        await self._subscription.release([delivery])
                    case Reject(reason=reason):
                        await self._subscription.dead_letter(delivery, reason)
        except TransientError as error:
            self._note(error)
            log.debug("consumer.not_settled", outcome=outcome.name, error=str(error))

    def _ack(self, delivery: Delivery) -> None:
        self._done.append(delivery)
        self.unacknowledged += 1
        if self._acknowledging is None:
            # The task starts in the event loop's next iteration, so it includes all deliveries that end in this one.
            self._acknowledging = asyncio.get_running_loop().create_task(self._acknowledge_all())

    async def _acknowledge_all(self) -> None:
        while self._done:
            await self._pace.turn()
            batch, self._done = self._done, []
            try:
                async with answered("acknowledging"):
                    await self._subscription.ack(batch)
            except TransientError as error:
                self._note(error)
                log.debug("consumer.not_acknowledged", deliveries=len(batch), error=str(error))
            except Exception:
                # Log and continue: if this task died, all acknowledgements would stop.
                log.exception("consumer.not_acknowledged", deliveries=len(batch))
            self.unacknowledged -= len(batch)
            self._acknowledged()
        self._acknowledging = None

    def _note(self, error: TransientError) -> None:
        if isinstance(error, BrokerHangs):
            self.hung = error
