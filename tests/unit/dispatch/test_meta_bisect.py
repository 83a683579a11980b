from collections.abc import Collection, Sequence
from math import ceil, log2

import pytest

from orylo_dispatch.destinations.meta.bisect import Halving
from orylo_dispatch.domain.attempt import Attempt, Outcome

ACCEPTED = Attempt(Outcome.DISPATCHED)
REFUSED = Attempt(Outcome.REFUSED, "100/2804003")
VAGUE = Attempt(Outcome.REFUSED, "100", unspecific=True)
AWAY = Attempt(Outcome.TRANSIENT, "http 503")


class Server:
    """Refuses every request that holds one of `bad`; nothing in a refused request is taken."""

    def __init__(self, bad: Collection[int] = (), refusal: Attempt = REFUSED) -> None:
        self.bad = frozenset(bad)
        self.refusal = refusal
        self.requests: list[list[int]] = []
        self.taken: list[int] = []

    async def post(self, items: Sequence[int]) -> Attempt:
        self.requests.append(list(items))
        if self.bad.intersection(items):
            return self.refusal
        self.taken += items
        return ACCEPTED


async def sent(server: Server, count: int) -> list[Outcome | None]:
    results = await Halving(range(count), server.post, lambda: True).run()
    return [result.outcome if result else None for result in results]


async def test_a_good_batch_is_one_request() -> None:
    server = Server()

    assert await sent(server, 1000) == [Outcome.DISPATCHED] * 1000
    assert len(server.requests) == 1


@pytest.mark.parametrize("position", [0, 1, 49, 50, 98, 99])
async def test_one_bad_among_a_hundred_is_found_in_few_requests(position: int) -> None:
    server = Server(bad={position})
    outcomes = await sent(server, 100)

    assert [index for index, outcome in enumerate(outcomes) if outcome is Outcome.REFUSED] == [position]
    assert sorted(server.taken) == [index for index in range(100) if index != position]
    # Both halves of every level at worst, and no half that is known to be bad.
    assert len(server.requests) <= 1 + 2 * ceil(log2(100))


@pytest.mark.parametrize("bad", [set(), {3}, {0, 1}, {0, 9}, {2, 5, 6}, set(range(10))])
async def test_every_good_one_is_taken_once_and_every_bad_one_was_refused_alone(bad: set[int]) -> None:
    server = Server(bad)
    outcomes = await sent(server, 10)

    assert sorted(server.taken) == sorted(set(range(10)) - bad)
    assert {index for index, outcome in enumerate(outcomes) if outcome is Outcome.REFUSED} == bad
    assert all([index] in server.requests for index in bad)


async def test_a_destination_that_goes_away_leaves_the_rest_untried() -> None:
    class Failing(Server):
        async def post(self, items: Sequence[int]) -> Attempt:
            return AWAY if len(self.requests) == 2 else await super().post(items)

    server = Failing(bad={0})
    results = await Halving(range(8), server.post, lambda: True).run()

    # Refused: 0-7 and 0-3; then 0-1 finds it away, and 2-7 were never tried by themselves.
    assert results == [AWAY, AWAY, None, None, None, None, None, None]


async def test_it_stops_when_time_is_up() -> None:
    server = Server(bad={0})
    results = await Halving(range(8), server.post, lambda: len(server.requests) < 2).run()

    assert results == [None] * 8
    assert len(server.requests) == 2


async def test_a_request_that_meta_does_not_understand_is_not_the_fault_of_each_event() -> None:
    server = Server(bad=range(100), refusal=VAGUE)
    outcomes = await sent(server, 100)

    assert Outcome.REFUSED not in outcomes
    assert outcomes.count(Outcome.CONFIGURATION) == 5
    assert len(server.requests) < 25


async def test_a_vague_refusal_of_one_among_good_ones_is_that_ones_fault() -> None:
    outcomes = await sent(Server(bad={7}, refusal=VAGUE), 100)

    assert outcomes.count(Outcome.DISPATCHED) == 99
    assert outcomes[7] is Outcome.REFUSED
