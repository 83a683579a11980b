"""Write events of the stream, in the transaction of the change that they report."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from orylo_common.postgres.pool import Connection

# Takes a lock that is held until the commit, so it is the last statement of a transaction.
ADD_STREAM_EVENTS = "SELECT api.add_stream_events($1, $2)"


def encode_event(event_type: bytes, data: Mapping[str, Any]) -> bytes:
    return event_type + b"\n" + orjson.dumps(data, option=orjson.OPT_UTC_Z)


async def write_stream_events(connection: Connection, events: Mapping[UUID, Sequence[bytes]]) -> None:
    """Write each tenant's encoded events. All streams get them after the commit, on every replica."""
    if events:
        await connection.execute(ADD_STREAM_EVENTS, list(events), [b"\n\n".join(each) for each in events.values()])
