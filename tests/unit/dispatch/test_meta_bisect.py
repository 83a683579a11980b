from collections.abc import Collection, Sequence
from math import ceil, log2

import pytest

from orylo_dispatch.destinations.meta.bisect import BatchBisection
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt

ACCEPTED = DeliveryAttempt(AttemptOutcome.DISPATCHED)
REFUSED = DeliveryAttempt(AttemptOutcome.REFUSED, "100/2804003")
AMBIGUOUS = DeliveryAttempt(AttemptOutcome.REFUSED, "100", ambiguous=True)
UNAVAILABLE = DeliveryAttempt(AttemptOutcome.TRANSIENT, "http 503")


class Server:
    """Refuses every request with one of `bad`, and accepts nothing of a refused request."""

    def __init__(self, bad: Collection[int] = (), refusal: DeliveryAttempt = REFUSED) -> None:
        self.bad = frozenset(bad)
        self.refusal = refusal
        self.requests: list[list[int]] = []
        self.accepted: list[int] = []

    async def post(self, items: Sequence[int]) -> DeliveryAttempt:
        self.requests.append(list(items))
        if self.bad.intersection(items):
            return self.refusal
        self.accepted += items
        return ACCEPTED


async def sent(server: Server, count: int) -> list[AttemptOutcome | None]:
    results = await BatchBisection(range(count), server.post, lambda: True).run()
    return [result.outcome if result else None for result in results]


async def test_a_good_batch_is_one_request() -> None:
    server = Server()

    assert await sent(server, 1000) == [AttemptOutcome.DISPATCHED] * 1000
    assert len(server.requests) == 1


@pytest.mark.parametrize("position", [0, 1, 49, 50, 98, 99])
async def test_one_bad_event_among_a_hundred_is_found_in_few_requests(position: int) -> None:
    server = Server(bad={position})
    outcomes = await sent(server, 100)

    assert [index for index, outcome in enumerate(outcomes) if outcome is AttemptOutcome.REFUSED] == [position]
    assert sorted(server.accepted) == [index for index in range(100) if index != position]
    # At worst both halves of every level, but never a half that is known to be bad.
    assert len(server.requests) <= 1 + 2 * ceil(log2(100))


@pytest.mark.parametrize("bad", [set(), {3}, {0, 1}, {0, 9}, {2, 5, 6}, set(range(10))])
async def test_each_good_event_is_accepted_once_and_each_bad_one_is_refused_alone(bad: set[int]) -> None:
    server = Server(bad)
    outcomes = await sent(server, 10)

    assert sorted(server.accepted) == sorted(set(range(10)) - bad)
    assert {index for index, outcome in enumerate(outcomes) if outcome is AttemptOutcome.REFUSED} == bad
    assert all([index] in server.requests for index in bad)


async def test_an_outage_leaves_the_rest_untried() -> None:
    class Failing(Server):
        async def post(self, items: Sequence[int]) -> DeliveryAttempt:
            return UNAVAILABLE if len(self.requests) == 2 else await super().post(items)

    server = Failing(bad={0})
    results = await BatchBisection(range(8), server.post, lambda: True).run()

    # 0-7 and 0-3 are refused. Then 0-1 meets the outage, and 2-7 are not tried on their own.
    assert results == [UNAVAILABLE, UNAVAILABLE, None, None, None, None, None, None]


async def test_it_stops_when_the_time_is_up() -> None:
    server = Server(bad={0})
    results = await BatchBisection(range(8), server.post, lambda: len(server.requests) < 2).run()

    assert results == [None] * 8
    assert len(server.requests) == 2


async def test_ambiguous_refusals_of_every_event_are_the_fault_of_the_configuration() -> None:
    server = Server(bad=range(100), refusal=AMBIGUOUS)
    outcomes = await sent(server, 100)

    assert AttemptOutcome.REFUSED not in outcomes
    assert outcomes.count(AttemptOutcome.CONFIGURATION) == 5
    assert len(server.requests) < 25


async def test_an_ambiguous_refusal_of_one_event_among_good_ones_is_its_own_fault() -> None:
    outcomes = await sent(Server(bad={7}, refusal=AMBIGUOUS), 100)

    assert outcomes.count(AttemptOutcome.DISPATCHED) == 99
    assert outcomes[7] is AttemptOutcome.REFUSED
