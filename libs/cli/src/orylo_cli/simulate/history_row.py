"""A row of simulated history, in the columns that `orylo backtest` reads."""

from datetime import datetime
from typing import NamedTuple

from orylo_common.money import to_major

COLUMNS = (
    "occurred_at",
    "payment_id",
    "customer_id",
    "amount",
    "currency",
    "is_fraud",
    "product_id",
    "terminal_id",
    "ip",
    "card_fingerprint",
    "card_country",
    "ip_country",
    "email_domain",
    "status",
    "disputed_at",
    "scenario",
)


class HistoryRow(NamedTuple):
    """`scenario` names the kind of fraud, or is empty. `terminal_id` is the affiliate who brought the buyer."""

    occurred_at: datetime
    payment_id: str
    customer_id: str
    amount_minor: int
    currency: str
    product_id: str
    ip: str
    card_fingerprint: str
    card_country: str
    ip_country: str
    email_domain: str
    terminal_id: str = ""
    status: str = "succeeded"
    disputed_at: datetime | None = None
    scenario: str = ""

    def values(self) -> list[str]:
        """Return the texts of the columns, in their order."""
        written: dict[str, object] = self._asdict() | {
            "occurred_at": self.occurred_at.isoformat(),
            "amount": to_major(self.amount_minor, self.currency),
            "is_fraud": int(bool(self.scenario)),
            "disputed_at": self.disputed_at.isoformat() if self.disputed_at else "",
        }
        return [str(written[column]) for column in COLUMNS]
