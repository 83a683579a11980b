"""Which stories happen, to whom and in what order; every request at a constant rate."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from random import Random

from orylo_cli.simulate.buyers import Buyer, buyer
from orylo_cli.simulate.doors import Door, Gateway
from orylo_cli.simulate.requests import Request
from orylo_cli.simulate.stories import OPENING, STORIES, Stage, Story, Telling

RETURNING_SHARE = 0.3
# How many past buyers may come back: bounds memory in a run without end.
MAX_RETURNING = 2_000
RESENT_SHARE = 0.03
# Two neighbouring deliveries change places, as gateways do not promise an order.
SWAPPED_SHARE = 0.05


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    at_s: float
    number: int
    telling: Telling


class Scenario:
    """The requests of one run. The same seed, epoch, rate and doors give the same bytes."""

    def __init__(self, *, seed: int, epoch: datetime, rate: float, tenant: str, doors: Mapping[Gateway, Door]) -> None:
        if not doors:
            raise ValueError("no gateway to simulate")
        self._seed = seed
        self._epoch = epoch
        self._rate = rate
        self._tenant = tenant
        self._doors = doors
        self._rng = Random(f"{seed}:stories")  # noqa: S311 - repeatable, not secret
        self._ids = Random(f"{seed}:{epoch.isoformat()}")  # noqa: S311
        self._numbers = count(1)
        self._waiting: list[_Due] = []
        self._returning: list[Buyer] = []
        self._new_buyers = count(1)
        self._opening = iter([story for gateway, story in OPENING if gateway in doors])
        weighted = [pair for gateway in doors for pair in STORIES[gateway]]
        self._stories = [story for story, _ in weighted]
        self._weights = [weight for _, weight in weighted]

    def requests(self) -> Iterator[Request]:
        """Without end, one every 1/rate seconds: what is due comes before a new story begins."""
        for slot in count():
            now_s = slot / self._rate
            if not self._waiting or self._waiting[0].at_s > now_s:
                self._begin_story(now_s)
            yield self._request(heapq.heappop(self._waiting).telling, now_s)

    def _begin_story(self, now_s: float) -> None:
        story: Story = next(self._opening, None) or self._rng.choices(self._stories, weights=self._weights)[0]
        stage = Stage(rng=self._rng, ids=self._ids, epoch=self._epoch, now_s=now_s)
        story(stage, self._next_buyer())
        # The first of them is due now, in the slot that the story was begun for.
        for at_s, telling in self._disturbed(sorted(stage.tellings, key=lambda telling: telling.at_s)):
            heapq.heappush(self._waiting, _Due(at_s, next(self._numbers), telling))

    def _disturbed(self, tellings: list[Telling]) -> Iterator[tuple[float, Telling]]:
        """When each is delivered, with the resends and the disorder of real deliveries."""
        times = [telling.at_s for telling in tellings]
        if len(tellings) > 2 and self._rng.random() < SWAPPED_SHARE:
            times[-1], times[-2] = times[-2], times[-1]
        for at_s, telling in zip(times, tellings, strict=True):
            yield at_s, telling
            if telling.gateway is not None and self._rng.random() < RESENT_SHARE:
                yield at_s + self._rng.uniform(0.2, 8.0), telling

    def _next_buyer(self) -> Buyer:
        if self._returning and self._rng.random() < RETURNING_SHARE:
            index = self._rng.randrange(len(self._returning))
            chosen = self._returning[index]
            if self._rng.random() < 0.4:
                # They do not come a third time for ever.
                self._returning[index] = self._returning[-1]
                self._returning.pop()
            return chosen
        newcomer = buyer(self._seed, next(self._new_buyers))
        if len(self._returning) < MAX_RETURNING:
            self._returning.append(newcomer)
        return newcomer

    def _request(self, telling: Telling, now_s: float) -> Request:
        if telling.gateway is None:
            return Request(
                offset_s=now_s,
                kind="visit",
                path=f"/api/v1/track/{self._tenant}",
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": telling.user_agent or "",
                    # Counts only where ingest is told to trust the proxy that this stands for.
                    "X-Forwarded-For": telling.ip or "",
                },
                body=telling.body,
            )
        door = self._doors[telling.gateway]
        return Request(
            offset_s=now_s,
            kind="webhook",
            path=f"/api/v1/webhooks/{telling.gateway}/{self._tenant}",
            # A gateway signs anew for every delivery.
            headers=door.headers(telling.body, int(self._epoch.timestamp() + now_s)),
            body=telling.body,
        )
