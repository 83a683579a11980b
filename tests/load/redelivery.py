"""Send webhooks as a gateway does: repeat those that were not answered with 2xx."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.load.sender import send

ACCEPTED = {200, 202}
RETRY_AFTER_S = 1.0


@dataclass
class Redelivered:
    """`accepted` holds the indexes of the requests answered with 2xx; `statuses` counts all answers, 0 for none."""

    accepted: set[int] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)


async def send_until_accepted(
    requests: Sequence[bytes],
    *,
    port: int,
    rate: float,
    connections: int = 32,
    patience_s: float = 240,
    on_retry: Callable[[int], None] = lambda left: None,
) -> Redelivered:
    """Send all requests until each is accepted. Stop `patience_s` after the last one was due.

    `on_retry` is called with the number of requests that will be sent again.
    """
    result, left = Redelivered(), list(range(len(requests)))
    give_up = time.monotonic() + len(requests) / rate + patience_s
    while left and time.monotonic() < give_up:
        results = await send([requests[index] for index in left], port=port, rate=rate, connections=connections)
        result.statuses.update(results.status)
        result.accepted |= {index for index, status in zip(left, results.status, strict=True) if status in ACCEPTED}
        left = [index for index in left if index not in result.accepted]
        if left:
            on_retry(len(left))
            await asyncio.sleep(RETRY_AFTER_S)
    return result
