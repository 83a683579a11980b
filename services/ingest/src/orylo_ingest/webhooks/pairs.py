"""Pair charges with invoices that describe the same thing: a payment, or a declined attempt to make it."""

from collections.abc import Sequence
from dataclasses import dataclass

# Between the times that a charge and its invoice state. Both are made by one process of the gateway, within seconds.
TOLERANCE_S = 120


@dataclass(slots=True)
class Pair:
    """One thing, as a charge names it and as an invoice names it. `name` is the name that was reported first.

    `times` are Unix seconds at which either says that it happened.
    """

    name: str
    charge: str | None
    invoice: str | None
    times: list[int]

    def is_named(self, charge: str | None, invoice: str | None) -> bool:
        return (charge is not None and charge == self.charge) or (invoice is not None and invoice == self.invoice)

    def lacks(self, charge: str | None, invoice: str | None) -> bool:
        """Return whether the pair has no names of these kinds yet."""
        return (charge is None or self.charge is None) and (invoice is None or self.invoice is None)

    def add(self, charge: str | None, invoice: str | None, times: Sequence[int]) -> bool:
        """Complete the pair. Return whether that changed anything."""
        before = (self.charge, self.invoice, self.times)
        self.charge, self.invoice = self.charge or charge, self.invoice or invoice
        self.times = sorted({*self.times, *times})
        return before != (self.charge, self.invoice, self.times)


def nearest(pairs: Sequence[Pair], charge: str | None, invoice: str | None, times: Sequence[int]) -> Pair | None:
    """Return the pair that lacks this name and is nearest in time, within the tolerance."""
    apart = [(_distance(pair.times, times), number) for number, pair in enumerate(pairs) if pair.lacks(charge, invoice)]
    distance, number = min(apart, default=(TOLERANCE_S + 1, 0))
    return pairs[number] if distance <= TOLERANCE_S else None


def _distance(times: Sequence[int], others: Sequence[int]) -> int:
    return min((abs(time - other) for time in times for other in others), default=TOLERANCE_S + 1)
