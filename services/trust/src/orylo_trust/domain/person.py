"""A person: one customer's account, or the accounts of several customers that are the same person."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from orylo_common.messages import TrustStatus
from orylo_trust.domain.account import StatusChange, TrustAccount
from orylo_trust.domain.ledger import EntryCause, MonthlyTotal, score


@dataclass(frozen=True, slots=True)
class Person:
    """`customer_id` and the first account represent the person. Of several accounts, all months are loaded."""

    customer_id: str
    accounts: Sequence[TrustAccount]

    @property
    def start(self) -> int:
        return self.accounts[0].start

    @property
    def causes(self) -> dict[str, int]:
        """The points by cause, as if all accounts were one ledger: a month's cap counts once."""
        if len(self.accounts) == 1:
            return self.accounts[0].causes
        joint: defaultdict[str, int] = defaultdict(int)
        months: dict[date, MonthlyTotal] = {}
        for account in self.accounts:
            for cause, points in account.causes.items():
                joint[cause] += points
            for month, known in account.months.items():
                so_far = months.get(month, MonthlyTotal())
                months[month] = MonthlyTotal(so_far.points + known.points, max(so_far.cap, known.cap))
        joint[EntryCause.CLEAN_PAYMENT.summed_as] = sum(month.counted for month in months.values())
        return {cause: points for cause, points in joint.items() if points}

    @property
    def score(self) -> int:
        return score(self.start + sum(self.causes.values()))

    @property
    def status_change(self) -> StatusChange | None:
        """The newest change of any account."""
        changes = [account.status_change for account in self.accounts if account.status_change]
        return max(changes, key=lambda change: change.set_at, default=None)

    @property
    def status(self) -> TrustStatus:
        change = self.status_change
        return change.status if change else TrustStatus.NEUTRAL
