"""One customer's account, while a batch of changes is posted to it."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from orylo_common.messages import TrustStatus
from orylo_trust.domain.ledger import LedgerEntry, MonthlyTotal, score
from orylo_trust.domain.people import People


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A status that a user set. The change with the newest `set_at` is in force, until it expires."""

    status: TrustStatus
    actor: str
    reason: str
    set_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer's current score and status."""

    score: int
    status: TrustStatus
    version: int


@dataclass(slots=True)
class TrustAccount:
    """`causes` has the points by cause. `months` holds the months that the batch changes, and all of a merged customer.

    `people` are the customers of the same person, with this one among them; None if it is alone.
    """

    start: int
    causes: dict[str, int] = field(default_factory=dict)
    version: int = 0
    status_change: StatusChange | None = None
    months: dict[date, MonthlyTotal] = field(default_factory=dict)
    changed_months: set[date] = field(default_factory=set)
    # The score that was announced last, if the customer is alone or represents a person.
    shown_score: int = 0
    aliases: set[str] = field(default_factory=set)
    people: People | None = None
    merge_version: int = 0

    @property
    def total(self) -> int:
        """Not clamped."""
        return self.start + sum(self.causes.values())

    @property
    def score(self) -> int:
        return score(self.total)

    @property
    def status(self) -> TrustStatus:
        return self.status_change.status if self.status_change else TrustStatus.NEUTRAL

    def post(self, entry: LedgerEntry) -> bool:
        """Add a new ledger entry. Return false if a month's cap absorbed all its points."""
        moved = entry.points
        if entry.month is not None:
            before = self.months.get(entry.month, MonthlyTotal())
            after = self.months[entry.month] = before.with_entry(entry)
            self.changed_months.add(entry.month)
            moved = after.counted - before.counted
        if moved == 0:
            return False
        name = entry.cause.summed_as
        points = self.causes.pop(name, 0) + moved
        if points:
            self.causes[name] = points
        self.version += 1
        return True

    def set_status(self, change: StatusChange) -> bool:
        """Return false if a newer change, or this one, is already in force."""
        if self.status_change is not None and change.set_at <= self.status_change.set_at:
            return False
        self.status_change = change
        self.version += 1
        return True

    def expire_status(self, due: datetime) -> bool:
        """End the status that expires at `due`. Return false if another one is in force, or it ended before.

        The change keeps its `set_at`: only a newer one replaces it.
        """
        if self.status_change is None or self.status_change.expires_at != due:
            return False
        self.status_change = replace(self.status_change, status=TrustStatus.NEUTRAL, expires_at=None)
        self.version += 1
        return True
