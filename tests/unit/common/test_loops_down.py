"""Background loops that keep failing are reported by readiness, which stays ready."""

import asyncio
from datetime import timedelta

import pytest

from orylo_common import repeating as repeating_module
from orylo_common.errors import TransientError
from orylo_common.repeating import loops_down, repeating
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
