import asyncio
from collections.abc import Sequence

import pytest

from orylo_common.errors import TransientError
from orylo_common.messages import PaymentFact
from orylo_detector.feature_reader import Gatherer
from orylo_detector.ports import Attempts, History
from tests.unit.detector.cases import REGULAR, attempts, payment


class Known:
    """AttemptLog and HistoryReader that answer when they are let, and remember how they were asked."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.answer = asyncio.Event()
        self.answer.set()
        self.attempts_fail: Exception | None = None
        self.history_fails: Exception | None = None

    async def record(self, payments: Sequence[PaymentFact]) -> Sequence[Attempts]:
        if self.attempts_fail:
            raise self.attempts_fail
        return [{"card": attempts(each.amount_minor)} for each in payments]

    async def read(self, payments: Sequence[PaymentFact]) -> Sequence[History]:
        self.batches.append(len(payments))
        await self.answer.wait()
        if self.history_fails:
            raise self.history_fails
        return [History(REGULAR, {}) for _ in payments]


async def test_payments_that_arrive_together_are_gathered_together_and_each_gets_its_own() -> None:
    known = Known()
    gatherer = Gatherer(known, known)
    gathered = await asyncio.gather(*(gatherer.gather(payment(amount_minor=number)) for number in range(1, 6)))

    assert known.batches == [5]
    assert [len((each.attempts or {})["card"]) for each in gathered] == [1, 2, 3, 4, 5]


async def test_what_comes_while_a_batch_is_gathered_is_the_next_one() -> None:
    known = Known()
    known.answer.clear()
    gatherer = Gatherer(known, known, max_batch=3)
    first = gatherer.gather(payment())
    await asyncio.sleep(0)
    later = [gatherer.gather(payment()) for _ in range(5)]
    known.answer.set()
    await asyncio.gather(first, *later)

    assert known.batches == [1, 3, 2]


@pytest.mark.parametrize("error", [TransientError("away"), ValueError("a bug")])
async def test_attempts_that_cannot_be_counted_are_missing_and_the_rest_is_there(error: Exception) -> None:
    known = Known()
    known.attempts_fail = error
    gathered = await Gatherer(known, known).gather(payment())

    assert gathered.attempts is None
    assert gathered.customer == REGULAR


async def test_without_the_history_nothing_is_known_and_the_next_batch_is_asked_again() -> None:
    known = Known()
    known.history_fails = TransientError("away")
    gatherer = Gatherer(known, known)
    with pytest.raises(TransientError):
        await gatherer.gather(payment())

    known.history_fails = None
    assert (await gatherer.gather(payment())).customer == REGULAR
