"""Convert our messages to those of SNS and SQS and back: text, attributes, and batches for one call."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from orylo_common.broker.topology import DELIVERY_LIMIT, POISON

# AWS's limits for one call, with room for attributes.
MAX_ENTRIES = 10
MAX_BYTES = 250_000

# Deliveries before the message was last sent again. SQS counts only those after it.
DELIVERIES = "deliveries"
FIRST_FAILED_AT = "first_failed_at"
REASON = "reason"
ATTEMPTS = "attempts"
ENCODING = "encoding"

SYSTEM_ATTRIBUTES = ["ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"]

# SQS accepts only the characters of XML 1.0.
REFUSED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Attributes = dict[str, dict[str, str]]
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """A message of SQS with its decoded attributes."""

    body: bytes
    receipt: str
    delivery_count: int
    first_failed_at: datetime
    reason: str | None = None
    attempts: int = 0

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        attributes = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
        system = message["Attributes"]
        # SQS does not record the first failure. The first receive is the nearest time it knows.
        received_at = datetime.fromtimestamp(int(system["ApproximateFirstReceiveTimestamp"]) / 1000, UTC)
        failed_at = attributes.get(FIRST_FAILED_AT)
        return cls(
            _bytes(message["Body"], attributes.get(ENCODING)),
            message["ReceiptHandle"],
            int(attributes.get(DELIVERIES, 0)) + int(system["ApproximateReceiveCount"]),
            datetime.fromisoformat(failed_at) if failed_at else received_at,
            attributes.get(REASON),
            int(attributes.get(ATTEMPTS, 0)),
        )

    def dead_lettered_by_sqs(self) -> Self:
        """Complete a dead letter without a reason: SQS moved it at the delivery limit, and continues its count."""
        count = max(1, self.delivery_count - DELIVERY_LIMIT)
        return replace(self, delivery_count=count, reason=POISON, attempts=DELIVERY_LIMIT)

    def released(self) -> Entry:
        """Return an entry that sends the message again without counting this delivery."""
        return self._resent(self.delivery_count - 1, self.reason, self.attempts)

    def dead_lettered(self, reason: str, attempts: int) -> Entry:
        """Return an entry for the dead-letter queue."""
        return self._resent(0, reason, attempts)

    def _resent(self, deliveries: int, reason: str | None, attempts: int) -> Entry:
        attributes = {}
        if deliveries:
            attributes[DELIVERIES] = str(deliveries)
        if deliveries or reason:
            attributes[FIRST_FAILED_AT] = self.first_failed_at.isoformat()
        if reason:
            attributes |= {REASON: REFUSED.sub(" ", reason), ATTEMPTS: str(attempts)}
        return entry("MessageBody", self.body, attributes)


def entry(field: str, body: bytes, attributes: dict[str, str]) -> Entry:
    """Return an entry of a batch call. `field` is the call's name for the body."""
    text, encoding = _text(body)
    if encoding is not None:
        attributes = {**attributes, ENCODING: encoding}
    typed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    return {field: text, "MessageAttributes": typed}


def batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Split the entries into numbered batches, one per call."""
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
    """Return the text and its encoding. A body that SQS does not accept as text, as in some dead letters, is base64."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text and not REFUSED.search(text):
        return text, None
    return base64.b64encode(body).decode() or " ", "base64"


def _bytes(text: str, encoding: str | None) -> bytes:
    return text.encode() if encoding is None else base64.b64decode(text)
