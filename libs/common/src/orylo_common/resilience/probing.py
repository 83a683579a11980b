"""Closes circuits that no caller would close."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta

from orylo_common.errors import TransientError
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker

CHECK_EVERY = timedelta(seconds=1)
TIMEOUT = timedelta(seconds=5)


def probing(
    breaker: CircuitBreaker, probe: Callable[[], Awaitable[object]], *, every: timedelta = CHECK_EVERY
) -> AbstractAsyncContextManager[None]:
    """Call `probe` while inside whenever the circuit is half open. Any error of it opens the circuit again.

    Without it, a circuit that opened before traffic ended stays open, and alarms, until the next call.
    """

    async def probe_if_half_open() -> None:
        if breaker.state == "half_open" and not breaker.retry_after:
            with suppress(TransientError, TimeoutError):
                async with breaker, asyncio.timeout(TIMEOUT.total_seconds()):
                    await _mapped(probe)

    return repeating(f"circuit.{breaker.name}", probe_if_half_open, every=every)


async def _mapped(probe: Callable[[], Awaitable[object]]) -> None:
    try:
        await probe()
    except Exception as error:
        raise TransientError(f"the probe failed ({type(error).__name__})") from error
