"""The calls to one SQS queue, in batches of ten messages, with their errors mapped."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError

from orylo_common.broker.ports import BrokerUnavailable
from orylo_common.broker.sqs.messages import SYSTEM_ATTRIBUTES, Entry, Received, batches

RECEIVED_AGAIN = "ReceiptHandleIsInvalid"
FAILURES = (ClientError, BotoCoreError, HttpError, OSError, TimeoutError)


class SqsQueue:
    """Calls one queue. Every method raises `BrokerUnavailable` if AWS fails or rejects the call."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs = sqs
        self._url = url

    async def receive(self, limit: int, wait_s: int) -> list[Received]:
        async with mapped():
            answer = await self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=limit,
                WaitTimeSeconds=wait_s,
                AttributeNames=SYSTEM_ATTRIBUTES,
                MessageAttributeNames=["All"],
            )
        return [Received.of(message) for message in answer.get("Messages", ())]

    async def send(self, entries: Sequence[Entry]) -> None:
        await run_batches(self._sqs.send_message_batch(QueueUrl=self._url, Entries=batch) for batch in batches(entries))

    async def delete(self, receipts: Sequence[str]) -> None:
        """Delete messages. One that was received again meanwhile belongs to that consumer, and stays."""
        entries = [{"ReceiptHandle": receipt} for receipt in receipts]
        await run_batches(
            (self._sqs.delete_message_batch(QueueUrl=self._url, Entries=batch) for batch in batches(entries)),
            ignored=RECEIVED_AGAIN,
        )

    async def hide(self, receipt: str, seconds: int) -> None:
        """Hide the message from all consumers for this long."""
        async with mapped():
            await self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )

    async def counts(self) -> tuple[int, int]:
        """Return the number of available messages, and of hidden ones: unsettled anywhere, or waiting for a retry."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        async with mapped():
            answer = await self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        ready, hidden = (int(answer["Attributes"][name]) for name in names)
        return ready, hidden


@asynccontextmanager
async def mapped() -> AsyncIterator[None]:
    try:
        yield
    except FAILURES as error:
        raise BrokerUnavailable(f"the call to AWS failed ({_code(error)})") from error


async def run_batches(calls: Iterable[Awaitable[Any]], *, ignored: str | None = None) -> None:
    """Run batch calls concurrently. Raises if AWS rejects any message of any call, unless with the code `ignored`."""
    async with mapped():
        answers = await asyncio.gather(*calls)
    rejected = [failed for answer in answers for failed in answer.get("Failed", ()) if failed["Code"] != ignored]
    if rejected:
        raise BrokerUnavailable(f"AWS rejected {len(rejected)} messages ({rejected[0]['Code']})")


def _code(error: BaseException) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
