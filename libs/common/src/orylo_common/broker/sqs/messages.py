"""Between our messages and those of SNS and SQS: their text, their attributes, and how many fit into one call."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from orylo_common.broker.topology import DELIVERY_LIMIT, POISON

# Of one call: AWS's own limits, with room for attributes.
MAX_ENTRIES = 10
MAX_BYTES = 250_000

# Deliveries before the message was last sent anew; SQS counts from there.
DELIVERIES = "deliveries"
FIRST_FAILED_AT = "first_failed_at"
REASON = "reason"
ATTEMPTS = "attempts"
ENCODING = "encoding"

SYSTEM_ATTRIBUTES = ["ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"]

# SQS takes the characters of XML 1.0 only.
REFUSED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Attributes = dict[str, dict[str, str]]
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """A message of SQS with what its attributes tell."""

    body: bytes
    receipt: str
    delivery_count: int
    first_failed_at: datetime
    reason: str | None = None
    attempts: int = 0

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        told = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
        system = message["Attributes"]
        # The first receive stands for the first failure: nearer than SQS tells.
        received_at = datetime.fromtimestamp(int(system["ApproximateFirstReceiveTimestamp"]) / 1000, UTC)
        failed_at = told.get(FIRST_FAILED_AT)
        return cls(
            _bytes(message["Body"], told.get(ENCODING)),
            message["ReceiptHandle"],
            int(told.get(DELIVERIES, 0)) + int(system["ApproximateReceiveCount"]),
            datetime.fromisoformat(failed_at) if failed_at else received_at,
            told.get(REASON),
            int(told.get(ATTEMPTS, 0)),
        )

    def set_aside_by_sqs(self) -> Self:
        """As found in a dead-letter queue without a reason: SQS moved it at the delivery limit, and counts on."""
        count = max(1, self.delivery_count - DELIVERY_LIMIT)
        return replace(self, delivery_count=count, reason=POISON, attempts=DELIVERY_LIMIT)

    def released(self) -> Entry:
        """The message once more, this delivery not counted."""
        return self._anew(self.delivery_count - 1, self.reason, self.attempts)

    def set_aside(self, reason: str, attempts: int) -> Entry:
        """The message for the dead-letter queue."""
        return self._anew(0, reason, attempts)

    def _anew(self, deliveries: int, reason: str | None, attempts: int) -> Entry:
        told = {}
        if deliveries:
            told[DELIVERIES] = str(deliveries)
        if deliveries or reason:
            told[FIRST_FAILED_AT] = self.first_failed_at.isoformat()
        if reason:
            told |= {REASON: REFUSED.sub(" ", reason), ATTEMPTS: str(attempts)}
        return entry("MessageBody", self.body, told)


def entry(field: str, body: bytes, told: dict[str, str]) -> Entry:
    """A message for a batch call, which names its body `field`."""
    text, encoding = _text(body)
    if encoding is not None:
        told = {**told, ENCODING: encoding}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
    return {field: text, "MessageAttributes": attributes}


def batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries, numbered, in as many lists as calls are needed."""
    batch: list[Entry] = []
    size = 0
    for one in entries:
        length = sum(len(value.encode()) for value in one.values() if isinstance(value, str))
        if batch and (len(batch) == MAX_ENTRIES or size + length > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append({"Id": str(len(batch)), **one})
        size += length
    if batch:
        yield batch


def _text(body: bytes) -> tuple[str, str | None]:
    """Ours is JSON; what SQS would not take as text (a dead letter that is replayed, say) travels as base64."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text and not REFUSED.search(text):
        return text, None
    return base64.b64encode(body).decode() or " ", "base64"


def _bytes(text: str, encoding: str | None) -> bytes:
    return text.encode() if encoding is None else base64.b64decode(text)
