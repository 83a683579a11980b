"""A queue in memory that takes turns between tenants."""

from uuid import UUID

from orylo_common.broker.fair_queue import FairQueue

LOUD, QUIET = UUID(int=1), UUID(int=2)


def test_tenants_take_turns_and_keep_their_own_order() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(4):
        queue.append(LOUD, f"loud {number}")
    queue.append(QUIET, "quiet 0")
    queue.append(QUIET, "quiet 1")

    assert len(queue) == 6
    assert queue.take(3) == ["loud 0", "quiet 0", "loud 1"]
    assert queue.take(10) == ["quiet 1", "loud 2", "loud 3"]
    assert len(queue) == 0
    assert queue.take(10) == []


def test_an_item_put_back_is_the_first_of_its_tenant() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.append(LOUD, "first")
    queue.append(LOUD, "second")

    queue.appendleft(LOUD, queue.popleft())

    assert queue.take(2) == ["first", "second"]
