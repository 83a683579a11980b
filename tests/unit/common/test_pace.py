"""Fairness in a busy event loop."""

import asyncio

from orylo_common.pace import LoopThrottle


async def test_other_callbacks_run_between_admitted_callers() -> None:
    throttle, happened = LoopThrottle(3), list[str]()

    async def caller(number: int) -> None:
        await throttle.admit()
        happened.append(str(number))
        if number == 0:
            asyncio.get_running_loop().call_soon(happened.append, "something else")

    await asyncio.gather(*(caller(number) for number in range(7)))

    assert [each for each in happened if each.isdigit()] == ["0", "1", "2", "3", "4", "5", "6"]
    assert happened.index("something else") == 3


async def test_a_lone_caller_does_not_wait() -> None:
    throttle = LoopThrottle(1)
    for _ in range(3):
        coroutine = throttle.admit()
        try:
            coroutine.send(None)
        except StopIteration:
            await asyncio.sleep(0)
        else:
            raise AssertionError("it waited")
