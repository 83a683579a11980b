"""From the brokers' dead-letter queues to rows that people can see."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from orylo_api.dead_letters.projection import DeadLetterRow
from orylo_api.metrics import DEAD_LETTERS
from orylo_api.read_models.claims import Projectable
from orylo_api.read_models.keys import derived_uuid
from orylo_common.broker.ports import Delivery
from orylo_common.clock import Clock
from orylo_common.postgres.group_commit import GroupCommit

# The tenant of a message that cannot be read.
UNKNOWN_TENANT = UUID(int=0)
MAX_TEXT = 2_000
MAX_INTEGER = 2**31 - 1


async def record_dead_letter(
    delivery: Delivery, *, queue: str, batcher: GroupCommit[Projectable, bool], clock: Clock
) -> None:
    """Write the row for a message that was dead-lettered from `queue`."""
    if await batcher.add(dead_letter_row(queue, delivery, clock.now())):
        DEAD_LETTERS.labels(queue).inc()


def dead_letter_row(queue: str, delivery: Delivery, now: datetime) -> DeadLetterRow:
    """Build the row, whatever bytes the message has."""
    envelope = _envelope(delivery.body)
    digest = sha256(delivery.body).hexdigest()
    info = delivery.dead_letter
    died_at = info.first_failed_at if info else now
    return DeadLetterRow(
        tenant_id=_uuid(envelope.get("tenantid")) or UNKNOWN_TENANT,
        # The same dead letter again gives the same row; one after a replay gives another.
        id=derived_uuid(f"dead:{queue}:{digest}:{died_at.isoformat() if info else ''}"),
        source=queue,
        kind="message",
        subject_id=_uuid(envelope.get("id")) or derived_uuid(digest),
        type=_text(envelope.get("type")),
        subject=_text(envelope.get("subject")),
        reason=(_text(info.reason) if info else None) or "the broker gave no reason",
        code=None,
        attempts=min(info.attempts if info else delivery.delivery_count, MAX_INTEGER),
        body=delivery.body,
        first_failed_at=died_at,
        created_at=now,
    )


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return envelope if isinstance(envelope, dict) else {}


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


def _text(value: Any) -> str | None:
    return value.replace("\x00", "")[:MAX_TEXT] if isinstance(value, str) else None
