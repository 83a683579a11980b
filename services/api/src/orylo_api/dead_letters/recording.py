"""What the brokers' dead-letter queues hold becomes rows that people can see."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import orjson

from orylo_api.metrics import DEAD_LETTERS
from orylo_api.payments.projection import DERIVED
from orylo_api.projection.table import News
from orylo_api.read_models.effects import DeadMessage
from orylo_common.broker.ports import Delivery
from orylo_common.clock import Clock
from orylo_common.postgres.group_commit import GroupCommit

# Of a message that cannot be read nobody knows whose it is.
NOBODY = UUID(int=0)
MAX_TEXT = 2_000
MAX_INTEGER = 2**31 - 1


async def take_in(delivery: Delivery, *, queue: str, batcher: GroupCommit[News, bool], clock: Clock) -> None:
    """A row for what died in `queue`."""
    if await batcher.add(read_dead(queue, delivery, clock.now())):
        DEAD_LETTERS.labels(queue).inc()


def read_dead(queue: str, delivery: Delivery, now: datetime) -> DeadMessage:
    """The row for one dead message, whatever its bytes are."""
    envelope = _envelope(delivery.body)
    digest = sha256(delivery.body).hexdigest()
    death = delivery.death
    died_at = death.first_failed_at if death else now
    return DeadMessage(
        tenant_id=_uuid(envelope.get("tenantid")) or NOBODY,
        # The same death again is the same row; dying again after a replay is another.
        message_id=uuid5(DERIVED, f"dead:{queue}:{digest}:{died_at.isoformat() if death else ''}"),
        source=queue,
        kind="message",
        subject_id=_uuid(envelope.get("id")) or uuid5(DERIVED, digest),
        type=_text(envelope.get("type")),
        subject=_text(envelope.get("subject")),
        reason=(_text(death.reason) if death else None) or "the broker gave no reason",
        code=None,
        attempts=min(death.attempts if death else delivery.delivery_count, MAX_INTEGER),
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
