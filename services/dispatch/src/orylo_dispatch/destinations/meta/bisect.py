"""Finding the bad one in a batch that is refused as a whole."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from orylo_dispatch.domain.attempt import Attempt, Outcome

Item = TypeVar("Item")

# After so many items refused one by one and none accepted, it is not the items that are wrong.
REFUSED_IN_A_ROW = 5


class Halving(Generic[Item]):
    """Posts a batch; a refused one is halved until each bad item stands alone.

    One bad item among 100 costs eight requests or fewer beside the first. A destination that fails
    for other reasons stops it: what was not tried has no result.
    """

    def __init__(
        self, items: Sequence[Item], post: Callable[[Sequence[Item]], Awaitable[Attempt]], may_go_on: Callable[[], bool]
    ) -> None:
        self._items = items
        self._post = post
        self._may_go_on = may_go_on
        self._stopped = False
        self._accepted_any = False
        self._refused_alone: list[int] = []
        self.results: list[Attempt | None] = [None] * len(items)

    async def run(self) -> Sequence[Attempt | None]:
        await self._settle(0, len(self._items), surely_bad=False)
        return self.results

    async def _settle(self, start: int, stop: int, *, surely_bad: bool) -> bool:
        """Whether all of them were accepted. `surely_bad`: one of them must be, so together they are not posted."""
        alone = stop - start == 1
        if alone or not surely_bad:
            if not self._may_go_on():
                self._stopped = True
                return False
            attempt = await self._post(self._items[start:stop])
            if alone or attempt.outcome is not Outcome.REFUSED:
                self._note(start, stop, attempt)
                return attempt.outcome is Outcome.DISPATCHED
        middle = (start + stop) // 2
        first_accepted = await self._settle(start, middle, surely_bad=False)
        if not self._stopped:
            await self._settle(middle, stop, surely_bad=first_accepted)
        return False

    def _note(self, start: int, stop: int, attempt: Attempt) -> None:
        self.results[start:stop] = [attempt] * (stop - start)
        if attempt.outcome is Outcome.DISPATCHED:
            self._accepted_any = True
        elif attempt.outcome is not Outcome.REFUSED:
            self._stopped = True
        elif attempt.unspecific and not self._accepted_any:
            self._refused_alone.append(start)
            if len(self._refused_alone) == REFUSED_IN_A_ROW:
                self._stopped = True
                for index in self._refused_alone:
                    self.results[index] = replace(attempt, outcome=Outcome.CONFIGURATION)
