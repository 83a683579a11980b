"""Find the bad events in a batch that Meta refuses as a whole."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt

Item = TypeVar("Item")

# After so many ambiguous refusals of single items, with none accepted, the configuration is at fault.
MAX_AMBIGUOUS_REFUSALS = 5


class BatchBisection(Generic[Item]):
    """Posts a batch. Splits a refused one until each bad item is refused alone.

    One bad item among 100 costs at most eight requests more. Any other failure stops it; the items that were not tried
    have no result.
    """

    def __init__(
        self,
        items: Sequence[Item],
        post: Callable[[Sequence[Item]], Awaitable[DeliveryAttempt]],
        may_continue: Callable[[], bool],
    ) -> None:
        self._items = items
        self._post = post
        self._may_continue = may_continue
        self._stopped = False
        self._accepted_any = False
        self._refused_alone: list[int] = []
        self.results: list[DeliveryAttempt | None] = [None] * len(items)

    async def run(self) -> Sequence[DeliveryAttempt | None]:
        await self._try(0, len(self._items), surely_bad=False)
        return self.results

    async def _try(self, start: int, stop: int, *, surely_bad: bool) -> bool:
        """Return whether all were accepted. With `surely_bad` one of them is bad, so they are not posted together."""
        alone = stop - start == 1
        if alone or not surely_bad:
            if not self._may_continue():
                self._stopped = True
                return False
            attempt = await self._post(self._items[start:stop])
            if alone or attempt.outcome is not AttemptOutcome.REFUSED:
                self._record(start, stop, attempt)
                return attempt.outcome is AttemptOutcome.DISPATCHED
        middle = (start + stop) // 2
        first_accepted = await self._try(start, middle, surely_bad=False)
        if not self._stopped:
            await self._try(middle, stop, surely_bad=first_accepted)
        return False

    def _record(self, start: int, stop: int, attempt: DeliveryAttempt) -> None:
        self.results[start:stop] = [attempt] * (stop - start)
        if attempt.outcome is AttemptOutcome.DISPATCHED:
            self._accepted_any = True
        elif attempt.outcome is not AttemptOutcome.REFUSED:
            self._stopped = True
        elif attempt.ambiguous and not self._accepted_any:
            self._refused_alone.append(start)
            if len(self._refused_alone) == MAX_AMBIGUOUS_REFUSALS:
                self._stopped = True
                for index in self._refused_alone:
                    self.results[index] = replace(attempt, outcome=AttemptOutcome.CONFIGURATION)
