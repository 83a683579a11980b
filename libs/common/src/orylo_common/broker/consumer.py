"""Pass deliveries to their handlers, and map the errors that handlers raise to outcomes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cache
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import structlog
from opentelemetry.trace import Span, SpanKind
from prometheus_client import Counter, Histogram

from orylo_common.broker.outcomes import Done, Outcome, Reject, Retry, is_bug, outcome_of
from orylo_common.broker.ports import Broker, Delivery
from orylo_common.broker.queue_reader import DRAIN, QueueReader
from orylo_common.errors import PermanentError
from orylo_common.messages import Message, decode, traceparent_of, type_of
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.retry import RetryPolicy
from orylo_common.telemetry.metrics import HANDLE_SECONDS, MESSAGES_HANDLED
from orylo_common.telemetry.traces import span
from orylo_common.telemetry.tracing import tracing

# Takes a message of a class that it is registered for. Raises `TransientError` to retry the message later, and
# `PermanentError` to dead-letter it. Any other error is a bug, and is also retried.
# What a handler returns is ignored.
Handler = Callable[[Any], Awaitable[object]]

# Shorter than every broker's limit for an unsettled delivery.
HANDLER_TIMEOUT = timedelta(seconds=30)
PREFETCH = 100

log = structlog.get_logger(__name__)


class Consumer:
    """Run the handlers for one queue's messages, up to `prefetch` at a time, while the context is open.

    `gates` are the circuit breakers of dependencies that *every* message needs. While one is open, the consumer takes
    no messages. If a handler raises `CircuitOpen`, its message is released and the attempt does not count.
    """

    def __init__(
        self,
        broker: Broker,
        queue: str,
        handlers: Mapping[type[Message], Handler],
        *,
        prefetch: int = PREFETCH,
        retry_policy: RetryPolicy | None = None,
        gates: Sequence[CircuitBreaker] = (),
        handler_timeout: timedelta = HANDLER_TIMEOUT,
        drain: timedelta = DRAIN,
    ) -> None:
        self._queue = queue
        self._handlers = handlers
        self._policy = retry_policy or RetryPolicy()
        self._timeout_s = handler_timeout.total_seconds()
        self._reader = QueueReader(broker, queue, self._handle, prefetch=prefetch, gates=gates, drain=drain)
        # A counter that begins with its first dead letter would show no increase.
        for message_type in handlers:
            _handled(queue, type_of(message_type), "dead_lettered")

    async def __aenter__(self) -> Self:
        await self._reader.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reader.__aexit__(kind, error, trace)

    async def _handle(self, delivery: Delivery) -> Outcome:
        message: Message | None = None
        failure: Exception | None = None
        started = perf_counter()
        try:
            message = decode(delivery.body)
            handler = self._handlers.get(type(message))
            if handler is None:
                raise PermanentError(f"{self._queue} has no handler for {message.type}")  # noqa: TRY301
            async with asyncio.timeout(self._timeout_s):
                if tracing():
                    with self._span(message, delivery):
                        await handler(message)
                else:
                    await handler(message)
        except Exception as error:  # noqa: BLE001  (`outcome_of` maps every error to an outcome)
            failure = error
        outcome = outcome_of(failure, delivery.delivery_count, self._policy)
        message_type = "undecodable" if message is None else message.type
        _handled(self._queue, message_type, outcome.name).inc()
        _seconds(self._queue, message_type).observe(perf_counter() - started)
        if failure is not None:
            self._log(outcome, delivery, message, failure)
        return outcome

    def _span(self, message: Message, delivery: Delivery) -> AbstractContextManager[Span]:
        attributes: dict[str, Any] = {
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": self._queue,
            "messaging.message.id": message.message_id,
            "messaging.message.body.size": len(delivery.body),
            "orylo.message_type": message.type,
            "orylo.tenant_id": message.tenant_id,
            "orylo.event_id": getattr(message, "event_id", None),
            "orylo.payment_id": getattr(message, "payment_id", None),
        }
        parent = traceparent_of(delivery.body)
        return span(f"process {self._queue}", traceparent=parent, kind=SpanKind.CONSUMER, **attributes)

    def _log(self, outcome: Outcome, delivery: Delivery, message: Message | None, failure: Exception) -> None:
        level = "error" if isinstance(outcome, Reject) or is_bug(failure) else "info"
        getattr(log, level)(
            f"message.{outcome.name}",
            queue=self._queue,
            type=message.type if message else None,
            message_id=str(message.message_id) if message else None,
            attempt=delivery.delivery_count,
            reason=getattr(outcome, "reason", None),
            exc_info=failure if is_bug(failure) else None,
        )


# Cached, because `labels()` costs more than counting. There are only a few dozen label sets.
@cache
def _handled(queue: str, message_type: str, outcome: str) -> Counter:
    return MESSAGES_HANDLED.labels(queue, message_type, outcome)


@cache
def _seconds(queue: str, message_type: str) -> Histogram:
    return HANDLE_SECONDS.labels(queue, message_type)


class DeadLetterConsumer:
    """Pass a dead-letter queue's deliveries, decodable or not, to `handle`, and retry each until it succeeds."""

    def __init__(
        self,
        broker: Broker,
        queue: str,
        handle: Callable[[Delivery], Awaitable[None]],
        *,
        prefetch: int = PREFETCH,
        retry_policy: RetryPolicy | None = None,
        drain: timedelta = DRAIN,
    ) -> None:
        self._queue = queue
        self._handler = handle
        self._policy = retry_policy or RetryPolicy(cap=timedelta(minutes=5))
        self._reader = QueueReader(broker, queue, self._handle, prefetch=prefetch, drain=drain)

    async def __aenter__(self) -> Self:
        await self._reader.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reader.__aexit__(kind, error, trace)

    async def _handle(self, delivery: Delivery) -> Outcome:
        try:
            async with asyncio.timeout(HANDLER_TIMEOUT.total_seconds()):
                await self._handler(delivery)
        except Exception as error:
            # Retry after any error: a dead letter cannot be moved to another queue.
            log.exception("dead_letter.not_taken", queue=self._queue)
            return Retry(self._policy.delay(delivery.delivery_count), type(error).__name__)
        return Done()
