"""Every message of the queue `api` is projected, many in one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime

from orylo_api.metrics import PROJECTION_LAG
from orylo_api.payments.projection import uuid7_time
from orylo_api.projection.batch import write_news
from orylo_api.projection.table import News
from orylo_common.messages import Message
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import Connection
from orylo_common.resilience.circuit_breaker import CircuitBreaker


async def project_message(message: Message, *, batcher: GroupCommit[News, bool], breaker: CircuitBreaker) -> None:
    """Done once the message's rows are committed; while PostgreSQL is away no attempts are used up."""
    async with breaker:
        await batcher.add(message)


async def write_measured(connection: Connection, batch: Sequence[News]) -> list[bool]:
    """`write_news`, and how old the batch's oldest message has become on its way."""
    new = await write_news(connection, batch)
    now = datetime.now(UTC)
    lag = max((now - uuid7_time(news.message_id, now)).total_seconds() for news in batch)
    PROJECTION_LAG.observe(max(lag, 0.0))
    return new
