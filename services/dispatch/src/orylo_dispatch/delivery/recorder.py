"""Records facts that change deliveries, and carries out what follows from them once they are committed."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from orylo_common.broker.ports import Outgoing
from orylo_common.errors import TransientError
from orylo_dispatch.delivery.sink import DestinationKey
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.metrics import DELIVERIES

Fact = TypeVar("Fact")


@dataclass(slots=True)
class SideEffects:
    """The work that a fact causes after the commit: publish messages, wake workers, count suppressed deliveries."""

    messages: list[Outgoing] = field(default_factory=list)
    due: set[DestinationKey] = field(default_factory=set)
    # Kinds of destinations.
    suppressed: list[str] = field(default_factory=list)
    # A worker is sending the delivery of the fact right now: the fact has to be delivered again.
    in_flight: bool = False


class Recorder(Generic[Fact]):
    """Raises `TransientError` for a fact about a delivery that is being sent: the message has to be redelivered."""

    def __init__(
        self,
        add: Callable[[Fact], Awaitable[SideEffects]],
        *,
        offer: Callable[[Sequence[Outgoing]], None],
        wake: Callable[[Iterable[DestinationKey]], None],
    ) -> None:
        self._add = add
        self._offer = offer
        self._wake = wake

    async def record(self, fact: Fact) -> None:
        effects = await self._add(fact)
        if effects.messages:
            self._offer(effects.messages)
        if effects.due:
            self._wake(effects.due)
        for kind in effects.suppressed:
            DELIVERIES.labels(kind, DeliveryState.SUPPRESSED).inc()
        if effects.in_flight:
            raise TransientError("the delivery is being sent")
