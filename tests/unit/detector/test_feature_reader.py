import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from orylo_common.errors import TransientError
from orylo_common.messages import PaymentFact
from orylo_detector.domain.known_payment import KnownPayment
from orylo_detector.feature_reader import FeatureReader
from orylo_detector.ports import EntityAttempts, History
from tests.unit.detector.cases import REGULAR, attempts, payment

COUNTRIES = {"203.0.113.7": "BR", "2001:db8::7": "PT"}


class Known:
    """AttemptLog and HistoryReader that answer once `answer` is set, and record the batch sizes."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.answer = asyncio.Event()
        self.answer.set()
        self.attempts_fail: Exception | None = None
        self.history_fails: Exception | None = None

    async def record(self, payments: Sequence[PaymentFact]) -> Sequence[EntityAttempts]:
        if self.attempts_fail:
            raise self.attempts_fail
        return [{"card": attempts(each.amount_minor)} for each in payments]

    async def read(self, payments: Sequence[PaymentFact]) -> Sequence[History]:
        self.batches.append(len(payments))
        await self.answer.wait()
        if self.history_fails:
            raise self.history_fails
        return [History(REGULAR, {}, KnownPayment()) for _ in payments]


async def test_payments_that_arrive_together_are_read_together_and_each_gets_its_own_features() -> None:
    known = Known()
    reader = FeatureReader(known, known, COUNTRIES.get)
    readings = await asyncio.gather(*(reader.read(payment(amount_minor=number)) for number in range(1, 6)))

    assert known.batches == [5]
    assert [len((each.features.attempts or {})["card"]) for each in readings] == [1, 2, 3, 4, 5]


async def test_payments_that_arrive_while_a_batch_is_read_form_the_next_one() -> None:
    known = Known()
    known.answer.clear()
    reader = FeatureReader(known, known, COUNTRIES.get, max_batch=3)
    first = reader.read(payment())
    await asyncio.sleep(0)
    later = [reader.read(payment()) for _ in range(5)]
    known.answer.set()
    await asyncio.gather(first, *later)

    assert known.batches == [1, 3, 2]


@pytest.mark.parametrize("error", [TransientError("away"), ValueError("a bug")])
async def test_attempts_that_cannot_be_counted_are_missing_and_the_other_features_are_read(error: Exception) -> None:
    known = Known()
    known.attempts_fail = error
    features, _ = await FeatureReader(known, known, COUNTRIES.get).read(payment())

    assert features.attempts is None
    assert features.customer == REGULAR


async def test_a_failed_history_read_fails_its_payments_and_the_next_batch_reads_again() -> None:
    known = Known()
    known.history_fails = TransientError("away")
    reader = FeatureReader(known, known, COUNTRIES.get)
    with pytest.raises(TransientError):
        await reader.read(payment())

    known.history_fails = None
    assert (await reader.read(payment())).features.customer == REGULAR


@pytest.mark.parametrize(
    ("changes", "country"),
    [
        ({}, "BR"),
        ({"ip": "2001:db8::7"}, "PT"),
        ({"ip": "198.51.100.1"}, None),
        ({"ip": None}, None),
        # A renewal repeats the address of the first charge, or names a server's.
        ({"subscription": {"renewal": True}}, None),
        ({"subscription": {"recurrence": 2}}, None),
        ({"subscription": {"recurrence": 1}}, "BR"),
    ],
)
async def test_the_features_have_the_country_that_the_buyer_paid_from(
    changes: dict[str, Any], country: str | None
) -> None:
    known = Known()

    features, _ = await FeatureReader(known, known, COUNTRIES.get).read(payment(**changes))
    assert features.ip_country == country
