"""A background loop ends when its block is left, and for no other reason."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest
import structlog
from prometheus_client import REGISTRY

from orylo_common import repeating as module
from orylo_common.errors import TransientError
from orylo_common.repeating import repeating
from orylo_common.resilience.retry import RetryPolicy
from tests.support.eventually import eventually

SOON = timedelta(milliseconds=1)


class Runs:
    """Counts its runs; the first ones raise `failures`."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.at: list[float] = []

    async def __call__(self) -> None:
        self.at.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)

    def pauses(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.at, self.at[1:], strict=False)]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRANSIENT_PAUSE", SOON)
    monkeypatch.setattr(module, "BACKOFF", RetryPolicy(base=SOON, cap=SOON, jitter=lambda: 1.0))


def failures(name: str) -> float:
    return REGISTRY.get_sample_value("orylo_loop_failures_total", {"loop": name}) or 0.0


async def test_the_job_runs_at_once_and_repeatedly_until_the_block_is_left() -> None:
    runs = Runs()
    async with repeating("test", runs, every=timedelta(milliseconds=20)):
        await eventually(lambda: len(runs.at) == 3)
    await asyncio.sleep(0.05)
    assert len(runs.at) == 3
    assert all(pause >= 0.02 for pause in runs.pauses())


@pytest.mark.parametrize(
    "error",
    [
        KeyError("a bug"),
        asyncpg.InsufficientPrivilegeError("denied"),
        asyncio.CancelledError(),
        ExceptionGroup("", [OSError()]),
    ],
)
async def test_an_unexpected_error_is_logged_with_its_traceback_and_counted(error: BaseException, quick: None) -> None:
    runs, before = Runs(error), failures("test.unexpected")
    with structlog.testing.capture_logs() as logged:
        async with repeating("test.unexpected", runs, every=SOON):
            await eventually(lambda: len(runs.at) > 1)
    assert [(line["event"], line["log_level"], line["loop"]) for line in logged] == [
        ("loop.failed", "error", "test.unexpected")
    ]
    assert logged[0]["exc_info"] is error
    assert failures("test.unexpected") == before + 1


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (TransientError("Redis does not answer"), "Redis does not answer"),
        (asyncpg.PostgresConnectionError("of customer ana@example.com"), "PostgresConnectionError"),
        (TimeoutError(), "TimeoutError"),
    ],
)
async def test_a_transient_error_is_one_warning(error: Exception, shown: str, quick: None) -> None:
    runs, before = Runs(error), failures("test.transient")
    with structlog.testing.capture_logs() as logged:
        async with repeating("test.transient", runs, every=SOON):
            await eventually(lambda: len(runs.at) > 1)
    assert logged == [{"event": "loop.interrupted", "log_level": "warning", "loop": "test.transient", "error": shown}]
    assert failures("test.transient") == before


async def test_pauses_grow_while_unexpected_errors_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    base = timedelta(milliseconds=20)
    monkeypatch.setattr(module, "BACKOFF", RetryPolicy(base=base, cap=4 * base, jitter=lambda: 1.0))
    runs = Runs(*(KeyError(number) for number in range(4)))
    async with repeating("test", runs):
        await eventually(lambda: len(runs.at) > 4)
    for pause, least_ms in zip(runs.pauses()[:4], (20, 40, 80, 80), strict=True):
        assert pause >= least_ms / 1000


async def test_a_longer_interval_is_kept_after_an_error(quick: None) -> None:
    runs = Runs(KeyError("a bug"), TransientError("away"))
    async with repeating("test", runs, every=timedelta(milliseconds=30)):
        await eventually(lambda: len(runs.at) == 3)
    assert all(pause >= 0.03 for pause in runs.pauses())


async def test_a_job_that_waits_needs_no_interval() -> None:
    wake, woken = asyncio.Event(), []

    async def job() -> None:
        await wake.wait()
        wake.clear()
        woken.append(True)

    async with repeating("test", job):
        for count in (1, 2):
            wake.set()
            await eventually(lambda count=count: len(woken) == count)  # type: ignore[misc]


async def test_leaving_ends_a_job_that_takes_another_error_for_its_cancellation() -> None:
    """As asyncpg raises when a connection is lost while its task is cancelled."""
    started = asyncio.Event()

    async def job() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError from None

    async with asyncio.timeout(5):
        async with repeating("test", job):
            await started.wait()


async def test_leaving_ends_a_job_that_handled_its_cancellation() -> None:
    started = asyncio.Event()

    async def job() -> None:
        started.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        async with repeating("test", job):
            await started.wait()


async def test_the_exit_job_runs_once_after_the_last_run() -> None:
    order: list[str] = []

    async def job() -> None:
        order.append("job")
        await asyncio.Event().wait()

    async def on_exit() -> None:
        order.append("exit")

    async with repeating("test", job, on_exit=on_exit):
        await eventually(lambda: order == ["job"])
    assert order == ["job", "exit"]


async def test_an_error_of_the_exit_job_is_logged() -> None:
    with structlog.testing.capture_logs() as logged:
        async with repeating("test", Runs(), every=SOON, on_exit=Runs(TransientError("away"))):
            pass
    assert [line["event"] for line in logged] == ["loop.interrupted"]


async def test_an_error_in_the_block_ends_the_loop_and_is_raised() -> None:
    runs = Runs()

    async def fail() -> None:
        async with repeating("test", runs, every=SOON):
            await eventually(lambda: len(runs.at) > 1)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    count = len(runs.at)
    await asyncio.sleep(0.02)
    assert len(runs.at) == count
