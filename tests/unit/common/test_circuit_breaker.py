import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from orylo_common.errors import PermanentError, TransientError
from orylo_common.resilience.circuit_breaker import CircuitBreaker, CircuitOpen, CircuitState

RECOVERY = timedelta(seconds=10)


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(now: FakeClock) -> CircuitBreaker:
    return CircuitBreaker("meta", failures=3, recovery=RECOVERY, clock=now)


def state_of(breaker: CircuitBreaker) -> CircuitState:
    return breaker.state


async def call(breaker: CircuitBreaker, error: BaseException | None = None) -> None:
    async with breaker:
        if error is not None:
            raise error


async def fail(breaker: CircuitBreaker, error: BaseException, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(error)):
            await call(breaker, error)


async def open_it(breaker: CircuitBreaker) -> None:
    await fail(breaker, TransientError("no answer"), times=3)


@pytest.mark.parametrize("error", [TransientError("503"), TimeoutError()])
async def test_the_circuit_opens_after_consecutive_failures(breaker: CircuitBreaker, error: Exception) -> None:
    await fail(breaker, error, times=2)
    assert state_of(breaker) == "closed"

    await fail(breaker, error)
    assert state_of(breaker) == "open"


async def test_a_success_resets_the_count_of_failures(breaker: CircuitBreaker) -> None:
    for _ in range(5):
        await fail(breaker, TransientError("503"), times=2)
        await call(breaker)

    assert state_of(breaker) == "closed"


@pytest.mark.parametrize("error", [PermanentError("refused"), ValueError("a bug"), asyncio.CancelledError()])
async def test_other_errors_do_not_open_the_circuit(breaker: CircuitBreaker, error: BaseException) -> None:
    await fail(breaker, error, times=10)

    assert state_of(breaker) == "closed"


async def test_a_permanent_error_counts_as_success_and_an_unexpected_one_is_ignored(breaker: CircuitBreaker) -> None:
    await fail(breaker, TransientError("503"), times=2)
    await fail(breaker, PermanentError("refused"))
    await fail(breaker, TransientError("503"), times=2)
    assert state_of(breaker) == "closed"

    await fail(breaker, ValueError("a bug"))
    await fail(breaker, TransientError("503"))
    assert state_of(breaker) == "open"


async def test_an_open_circuit_raises_with_the_remaining_time(breaker: CircuitBreaker, now: FakeClock) -> None:
    await open_it(breaker)
    now.seconds += 4

    with pytest.raises(CircuitOpen) as refused:
        await call(breaker)

    assert refused.value.retry_after is not None
    assert refused.value.retry_after.total_seconds() == pytest.approx(6, abs=0.01)


async def test_a_successful_probe_closes_the_circuit(breaker: CircuitBreaker, now: FakeClock) -> None:
    await open_it(breaker)
    now.seconds += 11
    assert state_of(breaker) == "half_open"
    assert breaker.retry_after == timedelta()

    await call(breaker)

    assert state_of(breaker) == "closed"


async def test_a_failed_probe_opens_the_circuit_again(breaker: CircuitBreaker, now: FakeClock) -> None:
    await open_it(breaker)
    now.seconds += 11

    await fail(breaker, TransientError("still away"))

    assert state_of(breaker) == "open"
    assert breaker.retry_after.total_seconds() == pytest.approx(10, abs=0.01)


async def test_only_one_probe_runs_at_a_time(breaker: CircuitBreaker, now: FakeClock) -> None:
    await open_it(breaker)
    now.seconds += 11
    async with breaker:
        refused = asyncio.create_task(call(breaker))
        with pytest.raises(CircuitOpen):
            await refused

    assert state_of(breaker) == "closed"


async def test_a_cancelled_probe_permits_the_next_one(breaker: CircuitBreaker, now: FakeClock) -> None:
    await open_it(breaker)
    now.seconds += 11
    await fail(breaker, asyncio.CancelledError())
    assert state_of(breaker) == "half_open"

    await call(breaker)

    assert state_of(breaker) == "closed"


@pytest.mark.parametrize("error", [None, TransientError("late news")])
async def test_calls_that_began_before_the_circuit_opened_are_ignored(
    breaker: CircuitBreaker, now: FakeClock, error: Exception | None
) -> None:
    finish = asyncio.Event()

    async def slow() -> None:
        async with breaker:
            await finish.wait()
            if error is not None:
                raise error

    old = asyncio.create_task(slow())
    await asyncio.sleep(0)
    await open_it(breaker)
    now.seconds += 11
    await fail(breaker, asyncio.CancelledError())

    finish.set()
    await asyncio.gather(old, return_exceptions=True)

    assert state_of(breaker) == "half_open"


async def test_the_state_is_a_metric(breaker: CircuitBreaker, now: FakeClock) -> None:
    def state() -> float | None:
        return REGISTRY.get_sample_value("orylo_circuit_state", {"name": "meta"})

    seen = [state()]
    await open_it(breaker)
    seen.append(state())
    now.seconds += 11
    async with breaker:
        seen.append(state())
    seen.append(state())

    assert seen == [0, 2, 1, 0]
