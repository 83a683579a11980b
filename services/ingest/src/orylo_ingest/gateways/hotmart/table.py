"""Hotmart's events and statuses, and the readers for them."""

from collections.abc import Callable, Mapping

from orylo_common.messages import (
    CheckoutAbandoned,
    DisputeLost,
    PaymentCanceled,
    PaymentCreated,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.fields import required
from orylo_ingest.gateways.hotmart.sale import (
    PARTIAL_REFUND,
    Sale,
    canceled,
    charged_back,
    completed,
    created,
    expired,
    failed,
    refunded,
    succeeded,
)
from orylo_ingest.gateways.port import EventMapping, IgnoredEvent, NormalisedEvent, UnprocessableEvent
from orylo_ingest.metrics import count_variant

Reader = Callable[[Sale], NormalisedEvent | IgnoredEvent]


def _ignored(reason: str) -> EventMapping[Reader]:
    return EventMapping((), None, reason)


_PAID = EventMapping((PaymentSucceeded,), succeeded, "a first charge or a renewal")
_WAITING = EventMapping((PaymentCreated,), created, "a boleto or Pix awaits payment")
_DECLINED = EventMapping((PaymentFailed,), failed, "declined")
_OVERDUE = EventMapping((PaymentFailed,), failed, "a renewal could not be charged")
_EXPIRED = EventMapping((PaymentCanceled,), expired, "a boleto or Pix was not paid in time")
_REFUND = EventMapping((PaymentRefunded,), refunded, "full refunds; partial ones are ignored: their amount is not sent")
_PARTIAL_REFUND = _ignored(PARTIAL_REFUND)
_CHARGEBACK = EventMapping((DisputeLost,), charged_back, "the card's bank took the money back")
_COMPLETED = EventMapping(
    (PaymentSucceeded,), completed, "the guarantee period is over; published only if not reported before"
)
_BLOCKED = EventMapping((PaymentCanceled,), canceled, "the gateway stopped the sale")
_STARTED = EventMapping((PaymentCreated,), created, "started but not yet paid")
_REVIEW = _ignored("Hotmart reviews the sale; the outcome has its own status")
_PROTEST = _ignored("the buyer asks for a refund; neither a bank dispute nor a transfer")
SUBSCRIPTION_STATE = _ignored("a subscription's state; its payments have their own events")
_MEMBERS_AREA = _ignored("the members' area, not a payment")
_CART: EventMapping[Reader] = EventMapping((CheckoutAbandoned,), None, "an abandoned cart")
EVENTS: Mapping[str, EventMapping[Reader]] = {
    "PURCHASE_APPROVED": _PAID,
    "PURCHASE_COMPLETE": _COMPLETED,
    "PURCHASE_BILLET_PRINTED": _WAITING,
    "PURCHASE_CANCELED": _DECLINED,
    "PURCHASE_DELAYED": _OVERDUE,
    "PURCHASE_EXPIRED": _EXPIRED,
    "PURCHASE_PROTEST": _PROTEST,
    "PURCHASE_REFUNDED": _REFUND,
    "PURCHASE_CHARGEBACK": _CHARGEBACK,
    "PURCHASE_OUT_OF_SHOPPING_CART": _CART,
    "SUBSCRIPTION_CANCELLATION": SUBSCRIPTION_STATE,
    "SWITCH_PLAN": SUBSCRIPTION_STATE,
    "UPDATE_SUBSCRIPTION_CHARGE_DATE": SUBSCRIPTION_STATE,
    "CLUB_FIRST_ACCESS": _MEMBERS_AREA,
    "CLUB_MODULE_COMPLETED": _MEMBERS_AREA,
    "ORDER_FULFILLMENT": _ignored("logistics, not a payment"),
}
# Spelt as in the form posts and the real webhooks of 2.0.0.
_WEBHOOK_STATUSES: Mapping[str, EventMapping[Reader]] = {
    "approved": _PAID,
    "completed": _COMPLETED,
    "billet_printed": _WAITING,
    "canceled": _DECLINED,
    "rejected": _DECLINED,
    "delayed": _OVERDUE,
    "expired": _EXPIRED,
    "dispute": _PROTEST,
    "refunded": _REFUND,
    "chargeback": _CHARGEBACK,
    "blocked": _BLOCKED,
    "wayting_payment": _WAITING,
}
# Spelt as in the documentation, which copies the list of the sales API.
_SALES_API_STATUSES: Mapping[str, EventMapping[Reader]] = {
    "cancelled": _DECLINED,
    "complete": _COMPLETED,
    "no_funds": _DECLINED,
    "overdue": _OVERDUE,
    "partially_refunded": _PARTIAL_REFUND,
    "pre_order": _STARTED,
    "printed_billet": _WAITING,
    "processing_transaction": _STARTED,
    "started": _STARTED,
    "under_analisys": _REVIEW,
    "under_analysis": _REVIEW,
    "waiting_payment": _WAITING,
}
STATUSES: Mapping[str, EventMapping[Reader]] = {**_WEBHOOK_STATUSES, **_SALES_API_STATUSES}
# Reached when the order is placed, or so soon after that the order's time applies.
STATUSES_AT_ORDER = frozenset(
    {status for status, row in STATUSES.items() if row in (_WAITING, _STARTED, _DECLINED)} | {"approved"}
)


def normalise_by_status(document: Document, read_sale: Callable[[], Sale]) -> NormalisedEvent | IgnoredEvent:
    status = required(document.get("status"), "status").lower()
    row = STATUSES.get(status)
    if row is None:
        raise UnprocessableEvent("a status that Hotmart does not document")
    count_spelling(status)
    return IgnoredEvent(row.note) if row.read is None else row.read(read_sale())


def count_spelling(status: str) -> None:
    """Count the documented spellings, to learn whether they occur."""
    if status in _SALES_API_STATUSES:
        count_variant("hotmart", f"status_{status}")
