"""One customer's account, as it stands while a batch of changes is posted to it."""

from dataclasses import dataclass, field
from datetime import date, datetime

from orylo_common.messages import TrustStatus
from orylo_trust.domain.ledger import Entry, Month, score


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A person's word on a customer. `set_at` orders it among others: the newest holds."""

    status: TrustStatus
    actor: str
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What others want to know of a customer."""

    score: int
    status: TrustStatus
    version: int


@dataclass(slots=True)
class Account:
    """`total` is not clamped; `months` holds those that the batch touches."""

    start: int
    total: int
    version: int = 0
    status_change: StatusChange | None = None
    months: dict[date, Month] = field(default_factory=dict)

    @property
    def score(self) -> int:
        return score(self.total)

    @property
    def status(self) -> TrustStatus:
        return self.status_change.status if self.status_change else TrustStatus.NEUTRAL

    def post(self, entry: Entry) -> bool:
        """Add a row that is new to the ledger. False where a month's cap swallowed all of it."""
        moved = entry.points
        if entry.month is not None:
            before = self.months.get(entry.month, Month())
            after = self.months[entry.month] = before.with_entry(entry)
            moved = after.counted - before.counted
        if moved == 0:
            return False
        self.total += moved
        self.version += 1
        return True

    def set_status(self, change: StatusChange) -> bool:
        """False where a newer change, or this one, is in force."""
        if self.status_change is not None and change.set_at <= self.status_change.set_at:
            return False
        self.status_change = change
        self.version += 1
        return True
