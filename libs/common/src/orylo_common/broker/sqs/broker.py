"""The event bus in AWS: an SNS topic that fans out into SQS queues.

    sqs://?region=eu-west-1&prefix=orylo
    sqs://?region=us-east-1&prefix=test&endpoint=http://127.0.0.1:5000&visibility=5

`region` defaults to AWS's own settings. `prefix`, with which every name begins, defaults to `orylo`. `visibility` is
the number of seconds after which the messages of a dead consumer are redelivered. It must exceed the duration of any
handler and defaults to 60. `endpoint` is for tests. Credentials come from AWS's own chain: role, environment, profile.
`depths` are AWS's approximation and includes messages that other processes have not settled.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
from aiobotocore.session import get_session  # type: ignore[import-untyped]

from orylo_common.broker.ports import BrokerUnavailable, Outgoing, PublishNotConfirmed
from orylo_common.broker.sqs.messages import batches, entry
from orylo_common.broker.sqs.queue import SqsQueue, mapped, run_batches
from orylo_common.broker.sqs.subscription import SqsSubscription
from orylo_common.broker.sqs.topology import TYPE, Names, declare
from orylo_common.broker.topology import dead_letter_queue, is_dead_letter_queue

VISIBILITY_S = 60
PARAMETERS = {"region", "prefix", "endpoint", "visibility"}
# Per service (SNS, SQS). A long poll occupies a connection for its whole duration.
MAX_CONNECTIONS = 64


class SqsBroker:
    """Broker over SNS and SQS."""

    def __init__(self, sns: Any, sqs: Any, names: Names, stack: AsyncExitStack) -> None:
        self._sns = sns
        self._sqs = sqs
        self._names = names
        self._stack = stack
        self._subscriptions: list[SqsSubscription] = []
        self._declaring = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect. Raises `ValueError` for a URL with other parameters than those above."""
        parameters = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
        if unknown := parameters.keys() - PARAMETERS:
            raise ValueError(f"an sqs:// URL has no parameter {', '.join(sorted(unknown))}")
        options = {
            "region_name": parameters.get("region"),
            "endpoint_url": parameters.get("endpoint"),
            "config": AioConfig(
                max_pool_connections=MAX_CONNECTIONS,
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "max_attempts": 3},
            ),
        }
        stack = AsyncExitStack()
        session = get_session()
        sns = await stack.enter_async_context(session.create_client("sns", **options))
        sqs = await stack.enter_async_context(session.create_client("sqs", **options))
        names = Names(parameters.get("prefix", "orylo"), int(parameters.get("visibility", VISIBILITY_S)))
        return cls(sns, sqs, names, stack)

    async def declare(self) -> None:
        async with self._declaring, mapped():
            await declare(self._sns, self._sqs, self._names)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        entries = [entry("Message", message.body, {TYPE: message.type}) for message in messages]
        try:
            await self._ensure_declared()
            await run_batches(
                self._sns.publish_batch(TopicArn=self._names.topic_arn, PublishBatchRequestEntries=batch)
                for batch in batches(entries)
            )
        except BrokerUnavailable as error:
            raise PublishNotConfirmed(str(error)) from error

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        return False

    async def redrive(self, queue: str, messages: Sequence[Outgoing]) -> None:
        try:
            target = await self._queue(queue)
            await target.send([entry("MessageBody", message.body, {}) for message in messages])
        except BrokerUnavailable as error:
            raise PublishNotConfirmed(str(error)) from error

    async def _ensure_declared(self) -> None:
        if not self._names.topic_arn:
            await self.declare()

    async def _queue(self, queue: str) -> SqsQueue:
        async with mapped():
            return SqsQueue(self._sqs, await self._names.url(self._sqs, queue))

    async def subscribe(self, queue: str, *, prefetch: int) -> SqsSubscription:
        await self._ensure_declared()
        dead_letters = None if is_dead_letter_queue(queue) else await self._queue(dead_letter_queue(queue))
        subscription = SqsSubscription(queue, await self._queue(queue), dead_letters, prefetch=prefetch)
        self._subscriptions = [one for one in self._subscriptions if not one.closed] + [subscription]
        return subscription

    async def depths(self, queues: Collection[str]) -> dict[str, int]:
        await self._ensure_declared()
        return {queue: await self._depth(queue) for queue in queues}

    async def _depth(self, queue: str) -> int:
        ready, hidden = await (await self._queue(queue)).counts()
        mine = sum(one.unsettled_count for one in self._subscriptions if one.name == queue and not one.closed)
        return ready + max(0, hidden - mine)

    async def ping(self) -> None:
        async with mapped():
            await self._sqs.list_queues(QueueNamePrefix=self._names.prefix, MaxResults=1)

    async def close(self) -> None:
        for subscription in self._subscriptions:
            await subscription.close()
        await self._stack.aclose()
