"""What the sender needs of a destination, whatever its kind."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from orylo_common.control import Destination
from orylo_dispatch.domain.attempt import Attempt
from orylo_dispatch.domain.conversion import Conversion


class ConversionSink(Protocol):
    @property
    def dedupe_window(self) -> timedelta:
        """For how long after a first copy a second one is recognised and not counted."""

    async def deliver(
        self, conversions: Sequence[Conversion], *, may_go_on: Callable[[], bool]
    ) -> Sequence[Attempt | None]:
        """One result for each, in order; `None` for one that was not tried.

        Raises nothing that the destination or the network can cause. Between two requests it asks
        `may_go_on`, and stops where the answer is no.
        """

    async def probe(self) -> Attempt:
        """Whether the destination would take conversions now, asked without sending any."""


class SinkFactory(Protocol):
    def __call__(self, destination: Destination) -> ConversionSink: ...
