"""Background loops that keep failing are reported by readiness, which stays ready."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from orylo_common import repeating as repeating_module
from orylo_common.errors import TransientError
from orylo_common.repeating import loops_down, repeating
from orylo_common.resilience.retry import RetryPolicy
from orylo_common.telemetry.health import Health
from tests.support.eventually import eventually


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating_module, "DOWN_AFTER", timedelta(milliseconds=50))
    monkeypatch.setattr(repeating_module, "TRANSIENT_PAUSE", timedelta(milliseconds=10))


async def test_a_loop_that_keeps_failing_is_reported_until_it_recovers() -> None:
    failing = True

    async def job() -> None:
        if failing:
            raise TransientError("the broker is away")

    async with repeating("test.outbox.publish", job, every=timedelta(milliseconds=10)):
        await eventually(lambda: loops_down() == ["test.outbox.publish"])
        readiness = await Health().readiness()
        assert (readiness.ready, readiness.checks["loops"]) == (True, "down (test.outbox.publish)")

        failing = False
        await eventually(lambda: loops_down() == [])
    assert (await Health().readiness()).checks["loops"] == "ok"


async def test_a_loop_that_waits_after_a_failure_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating_module, "GRACE_S", 0.1)
    runs = 0

    async def job() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise TransientError("the broker is away")
        await asyncio.Event().wait()

    async with repeating("test.listen", job):
        await eventually(lambda: runs == 3)
        await asyncio.sleep(0.2)
        assert loops_down() == []


async def test_a_loop_that_ended_is_not_reported() -> None:
    async def job() -> None:
        raise TransientError("the broker is away")

    async with repeating("test.sweep", job, every=timedelta(milliseconds=10)):
        await eventually(lambda: loops_down() == ["test.sweep"])
    assert loops_down() == []


async def fail() -> None:
    raise TransientError("the broker is away")


async def fail_slowly() -> None:
    """Fail as a connection does that is never answered: later than the longest pause."""
    await asyncio.sleep(0.15)
    await fail()


async def seen_down(name: str) -> int:
    """Return how many of 20 readings, over 1 s, report the loop as down."""
    seen = 0
    for _ in range(20):
        await asyncio.sleep(0.05)
        seen += name in loops_down()
    return seen


async def test_a_loop_whose_runs_end_in_a_timeout_is_reported_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating_module, "BACKOFF", RetryPolicy(cap=timedelta(milliseconds=100), jitter=lambda: 1.0))
    monkeypatch.setattr(repeating_module, "GRACE_S", 0.05)

    async with repeating("test.connect", fail_slowly):
        await eventually(lambda: loops_down() == ["test.connect"])
        assert await seen_down("test.connect") == 20


async def test_a_loop_of_the_same_name_hides_no_failure() -> None:
    async def succeed() -> None:
        pass

    async with repeating("partitions", fail), repeating("partitions", succeed, every=timedelta(milliseconds=10)):
        await eventually(lambda: loops_down() == ["partitions"])
        assert await seen_down("partitions") == 20


def failing_seconds(name: str) -> float | None:
    return REGISTRY.get_sample_value("orylo_loop_failing_seconds", {"loop": name})


async def test_the_metric_falls_to_0_once_a_loop_waits_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating_module, "GRACE_S", 0.1)
    away = True

    async def job() -> None:
        if away:
            await fail()
        await asyncio.Event().wait()

    async with repeating("test.consumer", job):
        await eventually(lambda: (failing_seconds("test.consumer") or 0) > 0.05)
        away = False
        await eventually(lambda: failing_seconds("test.consumer") == 0)


async def test_the_metric_is_0_once_the_loop_ended() -> None:
    async with repeating("test.ended", fail):
        await eventually(lambda: (failing_seconds("test.ended") or 0) > 0)
    assert failing_seconds("test.ended") == 0
