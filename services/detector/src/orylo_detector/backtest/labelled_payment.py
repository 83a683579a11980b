"""A labelled payment, as a row of a file of history names it."""

from datetime import datetime
from typing import Literal, NamedTuple, get_args

PaymentStatus = Literal["created", "failed", "succeeded"]
# In the order in which one payment passes through them.
STATUSES: tuple[PaymentStatus, ...] = get_args(PaymentStatus)


class LabelledPayment(NamedTuple):
    """Times are aware. `disputed_at` is when the payer's dispute was reported, if there was one."""

    occurred_at: datetime
    payment_id: str
    customer_id: str | None
    amount_minor: int
    currency: str
    is_fraud: bool
    product_id: str | None = None
    terminal_id: str | None = None
    ip: str | None = None
    card_fingerprint: str | None = None
    card_country: str | None = None
    ip_country: str | None = None
    email_domain: str | None = None
    status: PaymentStatus = "succeeded"
    disputed_at: datetime | None = None


REQUIRED_COLUMNS = ("occurred_at", "payment_id", "customer_id", "amount", "currency", "is_fraud")
OPTIONAL_COLUMNS = (
    "product_id",
    "terminal_id",
    "ip",
    "card_fingerprint",
    "card_country",
    "ip_country",
    "email_domain",
    "status",
    "disputed_at",
)


def replay_order(payment: LabelledPayment) -> tuple[datetime, str, int]:
    return payment.occurred_at, payment.payment_id, STATUSES.index(payment.status)
