"""The sequence of requests of a run, made of customer journeys, at a constant rate."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from random import Random

from orylo_cli.simulate.buyers import Buyer, buyer
from orylo_cli.simulate.journeys import JOURNEYS, OPENING, Journey, JourneyBuilder, ScheduledEvent
from orylo_cli.simulate.requests import SimulatedGateway, SimulatedRequest
from orylo_common.webhook_signing import WebhookSigner

RETURNING_SHARE = 0.3
# Bounds memory in a run without end.
MAX_RETURNING = 2_000
RESENT_SHARE = 0.03
# Gateways do not guarantee the order of webhooks: the last two of a journey change places.
SWAPPED_SHARE = 0.05


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    at_s: float
    number: int
    event: ScheduledEvent


class Scenario:
    """The requests of one run. The same seed, epoch, rate and signers give the same bytes."""

    def __init__(
        self, *, seed: int, epoch: datetime, rate: float, tenant: str, signers: Mapping[SimulatedGateway, WebhookSigner]
    ) -> None:
        if not signers:
            raise ValueError("no gateway to simulate")
        self._seed = seed
        self._epoch = epoch
        self._rate = rate
        self._tenant = tenant
        self._signers = signers
        self._rng = Random(f"{seed}:stories")  # noqa: S311 - repeatable, not secret
        self._ids = Random(f"{seed}:{epoch.isoformat()}")  # noqa: S311
        self._numbers = count(1)
        self._waiting: list[_Due] = []
        self._returning: list[Buyer] = []
        self._new_buyers = count(1)
        self._opening = iter([journey for gateway, journey in OPENING if gateway in signers])
        weighted = [pair for gateway in signers for pair in JOURNEYS[gateway]]
        self._journeys = [journey for journey, _ in weighted]
        self._weights = [weight for _, weight in weighted]

    def requests(self) -> Iterator[SimulatedRequest]:
        """Yield requests without end, one every 1/rate seconds. Due events come before a new journey starts."""
        for slot in count():
            now_s = slot / self._rate
            if not self._waiting or self._waiting[0].at_s > now_s:
                self._start_journey(now_s)
            yield self._request(heapq.heappop(self._waiting).event, now_s)

    def _start_journey(self, now_s: float) -> None:
        journey: Journey = next(self._opening, None) or self._rng.choices(self._journeys, weights=self._weights)[0]
        builder = JourneyBuilder(rng=self._rng, ids=self._ids, epoch=self._epoch, now_s=now_s)
        journey(builder, self._next_buyer())
        # The first event is due now, in the slot that the journey was started for.
        for at_s, event in self._disordered(sorted(builder.events, key=lambda event: event.at_s)):
            heapq.heappush(self._waiting, _Due(at_s, next(self._numbers), event))

    def _disordered(self, events: list[ScheduledEvent]) -> Iterator[tuple[float, ScheduledEvent]]:
        """Yield the events with their times, with resends and swaps as in real traffic."""
        times = [event.at_s for event in events]
        if len(events) > 2 and self._rng.random() < SWAPPED_SHARE:
            times[-1], times[-2] = times[-2], times[-1]
        for at_s, event in zip(times, events, strict=True):
            yield at_s, event
            if event.gateway is not None and self._rng.random() < RESENT_SHARE:
                yield at_s + self._rng.uniform(0.2, 8.0), event

    def _next_buyer(self) -> Buyer:
        if self._returning and self._rng.random() < RETURNING_SHARE:
            index = self._rng.randrange(len(self._returning))
            chosen = self._returning[index]
            if self._rng.random() < 0.4:
                # This buyer does not return again.
                self._returning[index] = self._returning[-1]
                self._returning.pop()
            return chosen
        newcomer = buyer(self._seed, next(self._new_buyers))
        if len(self._returning) < MAX_RETURNING:
            self._returning.append(newcomer)
        return newcomer

    def _request(self, event: ScheduledEvent, now_s: float) -> SimulatedRequest:
        if event.gateway is None:
            return SimulatedRequest(
                offset_s=now_s,
                kind="visit",
                path=f"/api/v1/track/{self._tenant}",
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": event.user_agent or "",
                    # Ingest uses it only if it is configured with a trusted proxy.
                    "X-Forwarded-For": event.ip or "",
                },
                body=event.body,
            )
        signer = self._signers[event.gateway]
        return SimulatedRequest(
            offset_s=now_s,
            kind="webhook",
            path=f"/api/v1/webhooks/{event.gateway}/{self._tenant}",
            # A gateway signs every attempt again.
            headers=signer.headers(event.body, int(self._epoch.timestamp() + now_s)),
            body=event.body,
        )
