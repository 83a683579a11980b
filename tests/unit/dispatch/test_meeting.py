"""A payment waits for the decision on it, if that is still to come."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from orylo_dispatch.conversions.meeting import Meeting

TENANT = uuid4()
LONG, SHORT = timedelta(minutes=5), timedelta(milliseconds=1)


async def waiting(meeting: Meeting, event: str) -> asyncio.Task[None]:
    task = asyncio.create_task(meeting.wait_for_decision((TENANT, event)))
    await asyncio.sleep(0)
    return task


async def test_a_payment_waits_until_its_own_decision_is_received() -> None:
    meeting = Meeting(max_waiting=10, wait=LONG)
    first, second = await waiting(meeting, "e1"), await waiting(meeting, "e2")

    meeting.decided((uuid4(), "e2"))
    meeting.decided((TENANT, "e1"))
    await first

    assert not second.done()
    meeting.decided((TENANT, "e2"))
    await second


async def test_a_payment_received_after_its_decision_does_not_wait() -> None:
    meeting = Meeting(max_waiting=10, wait=LONG)

    meeting.decided((TENANT, "e1"))

    await asyncio.wait_for(meeting.wait_for_decision((TENANT, "e1")), 60)
    again = await waiting(meeting, "e1")
    assert not again.done()
    again.cancel()


async def test_a_payment_that_nobody_decides_waits_for_a_short_time() -> None:
    meeting = Meeting(max_waiting=10, wait=SHORT)

    await meeting.wait_for_decision((TENANT, "e1"))

    # A decision that comes later is remembered for a payment that is delivered again.
    meeting.decided((TENANT, "e1"))
    await asyncio.wait_for(meeting.wait_for_decision((TENANT, "e1")), 60)


async def test_only_so_many_payments_wait() -> None:
    meeting = Meeting(max_waiting=1, wait=LONG)
    first = await waiting(meeting, "e1")

    await asyncio.wait_for(meeting.wait_for_decision((TENANT, "e2")), 60)

    meeting.decided((TENANT, "e1"))
    await first


async def test_only_so_many_early_decisions_are_remembered() -> None:
    meeting = Meeting(max_waiting=2, wait=LONG)

    for number in range(3):
        meeting.decided((TENANT, f"e{number}"))

    forgotten = await waiting(meeting, "e0")
    assert not forgotten.done()
    forgotten.cancel()
    await asyncio.wait_for(meeting.wait_for_decision((TENANT, "e2")), 60)
