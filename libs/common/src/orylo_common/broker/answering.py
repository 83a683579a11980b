"""A limit for calls to the broker: a connection may hang without being lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from orylo_common.broker.ports import BrokerUnavailable

# Longer than the limits that the adapters set themselves.
LONGEST_CALL = timedelta(seconds=60)


class BrokerHangs(BrokerUnavailable):
    """The broker took too long over a call. The subscription must be replaced."""


@asynccontextmanager
async def answered(call: str, *, within: timedelta | None = None) -> AsyncIterator[None]:
    """Cancel the block after `within`, or `LONGEST_CALL`, and raise `BrokerHangs`."""
    within_s = (within or LONGEST_CALL).total_seconds()
    try:
        async with asyncio.timeout(within_s) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise BrokerHangs(f"{call} took longer than {within_s:.0f} s") from None
