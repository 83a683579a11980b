"""From a gateway's message about a payment to a row of api.payments_view."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_api.payments.enrichment import Enriched, is_known
from orylo_api.payments.link_keys import KEY_COLUMNS, link_keys, order_key
from orylo_api.payments.models import PaymentState
from orylo_api.payments.reversals import DISPUTE_STATES, Reversals, reversals_of
from orylo_api.read_models.keys import sort_key
from orylo_common.messages import (
    Message,
    PaymentCanceled,
    PaymentCreated,
    PaymentEnriched,
    PaymentFact,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
)

STATES: Mapping[type[Message], PaymentState] = {
    PaymentCreated: PaymentState.CREATED,
    PaymentFailed: PaymentState.FAILED,
    PaymentCanceled: PaymentState.CANCELED,
    PaymentSucceeded: PaymentState.SUCCEEDED,
    PaymentEnriched: PaymentState.SUCCEEDED,
    PaymentRefunded: PaymentState.REFUNDED,
    # Only a payment that succeeded can be refunded.
    PaymentRefundFailed: PaymentState.SUCCEEDED,
    **DISPUTE_STATES,
}
_STATE_RANKS = {state: rank for rank, state in enumerate(PaymentState)}
# A success has the best details of a payment; a dispute may have only the disputed amount.
_DETAIL_RANKS: Mapping[type[Message], int] = {
    PaymentRefunded: 1,
    PaymentCreated: 2,
    PaymentCanceled: 3,
    PaymentFailed: 4,
    PaymentSucceeded: 5,
}
# Columns that repeat a detail, of which all but `customer_id` are keys.
COPIED = ("customer_id", *KEY_COLUMNS)
# Below every other rank: its state, amount and times count only until the payment's own event arrives.
_PROVISIONAL = -1


@dataclass(slots=True)
class PaymentRow:
    """Each group of columns comes from the message with the highest key for it, in whatever order messages arrive."""

    tenant_id: UUID
    payment_id: str
    gateway: str
    state: PaymentState
    updated_at: datetime
    state_key: str
    customer_id: str | None
    amount_minor: int
    currency: str
    details: dict[str, Any]
    details_key: str
    refunded_minor: int
    created_at: datetime
    # From later events of the payment; shown where `details` has no value.
    enriched: Enriched
    # From refunds and disputes; the state that is shown depends on all of them.
    reversals: Reversals
    # Copies of details that payments are looked up by, or else of `enriched`; so is `customer_id`.
    card_key: int | None = None
    device_key: int | None = None
    ip_key: int | None = None
    phone_key: int | None = None
    document_key: int | None = None
    order_key: int | None = None

    def copy_details(self) -> None:
        """Set the columns that repeat a detail."""
        for name in COPIED:
            own, enriched = self.details.get(name), self.enriched.get(name)
            setattr(self, name, enriched[1] if own is None and enriched else own)

    @property
    def is_provisional(self) -> bool:
        """Only later events are known: the payment's own, with its amount and times, has yet to arrive."""
        return self.state_key < "0"


def payment_row(payment: PaymentFact) -> PaymentRow:
    kind, at = type(payment), payment.occurred_at
    state, refunded_minor = STATES[kind], 0
    if isinstance(payment, PaymentRefunded):
        refunded_minor = payment.refunded_minor
        state = PaymentState.REFUNDED if payment.full else PaymentState.PARTIALLY_REFUNDED
    enriches = kind is PaymentEnriched
    details = _details(payment)
    details_key = sort_key(_PROVISIONAL if enriches else _DETAIL_RANKS.get(kind, 0), at, payment.event_id)
    row = PaymentRow(
        tenant_id=payment.tenant_id,
        payment_id=payment.payment_id,
        gateway=payment.gateway,
        state=state,
        updated_at=at,
        state_key=details_key if enriches else sort_key(_STATE_RANKS[state], at, payment.event_id),
        customer_id=payment.customer_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        details=details,
        details_key=details_key,
        refunded_minor=refunded_minor,
        created_at=at,
        enriched=_enriched(payment, details, enriches=enriches),
        reversals=reversals_of(payment),
    )
    row.copy_details()
    return row


def _details(payment: PaymentFact) -> dict[str, Any]:
    card = payment.card
    return {
        "customer_id": payment.customer_id,
        "payment_method": payment.payment_method,
        "card_brand": card and card.brand,
        "card_last4": card and card.last4,
        "card_country": card and card.country,
        "products": [product.name or product.product_id for product in payment.products],
        "livemode": payment.livemode,
        "test": payment.test,
        "attributes": _attributes(payment) or None,
        # Most payments lack some, so these are absent rather than null.
        **link_keys(payment),
    }


def _enriched(payment: PaymentFact, details: Mapping[str, Any], *, enriches: bool) -> Enriched:
    """Return what the message may add to details of others. The newest order id counts, whichever event came first."""
    key = sort_key(_PROVISIONAL, payment.occurred_at, payment.event_id)
    added = {name: [key, value] for name, value in details.items() if is_known(value)} if enriches else {}
    if payment.order_id is not None:
        added["order_id"] = [key, payment.order_id]
        added["order_key"] = [key, order_key(payment.tenant_id, payment.order_id)]
    return added


def _attributes(payment: PaymentFact) -> dict[str, Any]:
    """Return what rules read and no screen shows, by the names of `orylo_rules.FIELDS`. Unknown values are left out."""
    flags, tracking, subscription = payment.customer_flags, payment.tracking, payment.subscription
    values = {
        "payment.products": [product.product_id for product in payment.products] or None,
        "payment.order_bump": payment.order_bump or None,
        "payment.installments": payment.installments,
        "payment.recurrence": subscription and subscription.recurrence,
        "payment.renewal": subscription and subscription.renewal,
        "payment.failure_code": payment.failure_code if isinstance(payment, PaymentFailed) else None,
        "card.funding": payment.card and payment.card.funding,
        "customer.disposable_email": flags.disposable_email,
        "customer.phone_country": flags.phone_country,
        "customer.billing_country": flags.billing_country,
        "tracking.utm_source": tracking.utm_source,
        "tracking.utm_medium": tracking.utm_medium,
        "tracking.utm_campaign": tracking.utm_campaign,
    }
    return {name: value for name, value in values.items() if value is not None}
