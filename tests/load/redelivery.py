"""Sends as gateways do: what is not answered 2xx is sent again, and again."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.load.sender import send

TAKEN = {200, 202}
AGAIN_AFTER_S = 1.0


@dataclass
class Told:
    """`taken`: the numbers of the requests that were answered 2xx. `statuses`: of all answers; 0 is none."""

    taken: set[int] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)


async def send_until_taken(
    requests: Sequence[bytes],
    *,
    port: int,
    rate: float,
    connections: int = 32,
    patience_s: float = 240,
    tell: Callable[[int], None] = lambda owed: None,
) -> Told:
    """Gives up `patience_s` after the last one should have been taken; `tell` hears how many are to be sent again."""
    told, owed = Told(), list(range(len(requests)))
    give_up = time.monotonic() + len(requests) / rate + patience_s
    while owed and time.monotonic() < give_up:
        results = await send([requests[index] for index in owed], port=port, rate=rate, connections=connections)
        told.statuses.update(results.status)
        told.taken |= {index for index, status in zip(owed, results.status, strict=True) if status in TAKEN}
        owed = [index for index in owed if index not in told.taken]
        if owed:
            tell(len(owed))
            await asyncio.sleep(AGAIN_AFTER_S)
    return told
