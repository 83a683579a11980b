"""Every message of the queue `api` is projected, many in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from orylo_api.metrics import PROJECTION_LAG
from orylo_api.payments.counting import count_payment
from orylo_api.projection.batch import write_batch
from orylo_api.read_models.claims import Projectable
from orylo_api.read_models.keys import uuid7_time
from orylo_common.messages import Message
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import Connection
from orylo_common.resilience.circuit_breaker import CircuitBreaker


class Unwritten:
    """The messages that this replica has received and not written yet."""

    def __init__(self) -> None:
        self._ids: set[UUID] = set()

    @contextmanager
    def holding(self, message_id: UUID) -> Iterator[None]:
        self._ids.add(message_id)
        try:
            yield
        finally:
            self._ids.discard(message_id)

    def oldest_seconds(self) -> float:
        now = datetime.now(UTC)
        return max((now - uuid7_time(each, now)).total_seconds() for each in self._ids) if self._ids else 0.0


async def project_message(
    message: Message, *, batcher: GroupCommit[Projectable, bool], breaker: CircuitBreaker, unwritten: Unwritten
) -> None:
    """Return once the message's rows are committed. While PostgreSQL is away, no attempts are used up."""
    with unwritten.holding(message.message_id):
        async with breaker:
            if await batcher.add(message):
                count_payment(message)


async def write_measured(connection: Connection, batch: Sequence[Projectable]) -> list[bool]:
    """Write the batch, and observe the age of its oldest message."""
    new = await write_batch(connection, batch)
    now = datetime.now(UTC)
    lag = max((now - uuid7_time(item.message_id, now)).total_seconds() for item in batch)
    PROJECTION_LAG.observe(max(lag, 0.0))
    return new
