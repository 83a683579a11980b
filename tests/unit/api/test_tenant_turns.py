"""Turns at what the requests of all tenants share."""

import asyncio
from uuid import UUID

from orylo_api.http.tenant_turns import TenantTurns

LOUD, QUIET = UUID(int=1), UUID(int=2)


async def test_a_tenant_with_its_share_does_not_keep_out_another() -> None:
    turns, ended = TenantTurns(of_one=2, in_all=4), asyncio.Event()

    async def hold(tenant_id: UUID) -> None:
        async with turns.turn(tenant_id):
            await ended.wait()

    loud = [asyncio.create_task(hold(LOUD)) for _ in range(20)]
    await asyncio.sleep(0)
    assert turns.must_wait(LOUD)
    assert not turns.must_wait(QUIET)
    async with asyncio.timeout(5), turns.turn(QUIET), turns.turn(QUIET):
        assert turns.must_wait(UUID(int=3))

    ended.set()
    await asyncio.gather(*loud)
    assert not turns.must_wait(LOUD)


async def test_a_turn_that_is_no_longer_awaited_is_given_up() -> None:
    turns = TenantTurns(of_one=1, in_all=2)
    async with turns.turn(LOUD):
        waiting = asyncio.create_task(turns.turn(LOUD).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    async with asyncio.timeout(5), turns.turn(LOUD):
        assert turns.must_wait(LOUD)
