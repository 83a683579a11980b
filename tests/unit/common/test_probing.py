import asyncio
from datetime import timedelta

import pytest

from orylo_common.errors import TransientError
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.probing import probing
from tests.support.eventually import eventually

SOON = timedelta(milliseconds=1)


class Dependency:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls = 0

    async def ping(self) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error


async def opened(recovery: timedelta = SOON) -> CircuitBreaker:
    breaker = CircuitBreaker("probed", failures=1, recovery=recovery)
    with pytest.raises(TransientError):
        async with breaker:
            raise TransientError("away")
    return breaker


async def test_a_circuit_without_calls_closes_once_its_dependency_answers() -> None:
    # An error of a client library, which the breaker itself does not know.
    breaker, dependency = await opened(), Dependency(OSError("refused"))

    async with probing(breaker, dependency.ping, every=SOON):
        await eventually(lambda: dependency.calls >= 2)
        assert breaker.state != "closed"

        dependency.error = None
        await eventually(lambda: breaker.state == "closed")


async def test_neither_a_closed_nor_an_open_circuit_is_probed() -> None:
    closed, still_open, dependency = CircuitBreaker("closed"), await opened(timedelta(hours=1)), Dependency()

    async with probing(closed, dependency.ping, every=SOON), probing(still_open, dependency.ping, every=SOON):
        await asyncio.sleep(0.02)

    assert dependency.calls == 0


async def test_a_call_in_progress_is_the_probe() -> None:
    breaker, dependency = await opened(), Dependency()
    await asyncio.sleep(0.005)

    async with breaker, probing(breaker, dependency.ping, every=SOON):
        await asyncio.sleep(0.02)

    assert dependency.calls == 0
    assert breaker.state == "closed"
