"""Who waits for whom in a full event loop."""

import asyncio

from orylo_common.pace import Turnstile


async def test_a_turnstile_lets_others_work_between_those_who_pass() -> None:
    turnstile, happened = Turnstile(3), list[str]()

    async def caller(number: int) -> None:
        await turnstile.passed()
        happened.append(str(number))
        if number == 0:
            asyncio.get_running_loop().call_soon(happened.append, "something else")

    await asyncio.gather(*(caller(number) for number in range(7)))

    assert [each for each in happened if each.isdigit()] == ["0", "1", "2", "3", "4", "5", "6"]
    assert happened.index("something else") == 3


async def test_a_turnstile_holds_up_nobody_who_comes_alone() -> None:
    turnstile = Turnstile(1)
    for _ in range(3):
        coroutine = turnstile.passed()
        try:
            coroutine.send(None)
        except StopIteration:
            await asyncio.sleep(0)
        else:
            raise AssertionError("it waited")
