"""Stripe's event types and the readers for them."""

from collections.abc import Callable, Mapping

from orylo_common.messages import (
    CheckoutAbandoned,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    GatewayFact,
    PaymentCanceled,
    PaymentCreated,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
)
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.port import EventMapping, IgnoredEvent, NormalisedEvent, UnprocessableEvent
from orylo_ingest.gateways.stripe.checkout import session_completed, session_expired, session_failed
from orylo_ingest.gateways.stripe.disputes import dispute_changed, fraud_warning_received
from orylo_ingest.gateways.stripe.invoices import invoice_failed, invoice_paid, invoice_payment_changed
from orylo_ingest.gateways.stripe.payments import (
    charge_expired,
    charge_failed,
    charge_pending,
    charge_succeeded,
    intent_authorized,
    intent_canceled,
    intent_created,
    intent_failed,
    intent_succeeded,
)
from orylo_ingest.gateways.stripe.reading import Object
from orylo_ingest.gateways.stripe.refunds import charge_refunded, refund_changed

Reader = Callable[[Object, Document], NormalisedEvent | IgnoredEvent]
# Unknown types in these families are quarantined, not ignored: they may report a payment.
PAYMENT_FAMILIES = (
    "payment_intent.",
    "charge.",
    "refund.",
    "checkout.session.",
    "invoice.",
    "invoice_payment.",
    "radar.early_fraud_warning.",
)
UNKNOWN_TYPE = "an unknown event type that may report a payment"
NOT_A_PAYMENT = "not about a payment"


def unlisted_event(event_type: str) -> IgnoredEvent:
    if event_type.startswith(PAYMENT_FAMILIES):
        raise UnprocessableEvent(UNKNOWN_TYPE)
    return IgnoredEvent(NOT_A_PAYMENT)


def _published(read: Reader, *messages: type[GatewayFact], when: str = "") -> EventMapping[Reader]:
    return EventMapping(messages, read, when)


def _ignored(reason: str) -> EventMapping[Reader]:
    return EventMapping((), None, reason)


_DISPUTE = (DisputeOpened, DisputeWon, DisputeLost)
_BY_STATUS = "by the dispute's status; inquiries that move no money and other states are ignored"
_REFUND = _published(
    refund_changed, PaymentRefundFailed, when="its status is failed or canceled; otherwise charge.refunded reports it"
)
_PAPERWORK = _ignored("an invoice's paperwork; no money moves")
_CUSTOMER = _ignored("about a customer, not about a payment")
_SUBSCRIPTION = _ignored("a subscription's state; invoice.paid reports its payments")
_PAYMENT_METHOD = _ignored("about a stored payment method, not about a payment")
_REVIEW = _ignored("Stripe's own review; the payment's events report the outcome")
_INVOICE_STATES = (
    "created deleted finalization_failed finalized marked_uncollectible overdue overpaid payment_action_required "
    "payment_attempt_required sent upcoming updated voided will_be_due"
)
_SUBSCRIPTION_STATES = (
    "created deleted paused pending_update_applied pending_update_expired resumed trial_will_end updated"
)
_METHOD_STATES = "attached automatically_updated detached updated"
EVENTS: Mapping[str, EventMapping[Reader]] = {
    "payment_intent.created": _published(intent_created, PaymentCreated),
    "payment_intent.requires_action": _published(intent_created, PaymentCreated, when="3-D Secure, or a Pix or boleto"),
    "payment_intent.processing": _published(intent_created, PaymentCreated, when="funds not yet confirmed"),
    "payment_intent.amount_capturable_updated": _published(intent_authorized, PaymentCreated, when="authorised"),
    "payment_intent.succeeded": _published(intent_succeeded, PaymentSucceeded),
    "payment_intent.payment_failed": _published(intent_failed, PaymentFailed),
    "payment_intent.canceled": _published(intent_canceled, PaymentCanceled),
    "payment_intent.partially_funded": _ignored("partially paid; payment_intent.succeeded follows"),
    "charge.succeeded": _published(
        charge_succeeded, PaymentSucceeded, PaymentCreated, when="payment.created if authorised but not captured"
    ),
    "charge.captured": _published(charge_succeeded, PaymentSucceeded),
    "charge.pending": _published(charge_pending, PaymentCreated),
    "charge.failed": _published(charge_failed, PaymentFailed),
    "charge.expired": _published(charge_expired, PaymentCanceled, when="an authorisation that was never captured"),
    "charge.updated": _ignored("details of a charge that was already reported"),
    "charge.refunded": _published(
        charge_refunded,
        PaymentRefunded,
        PaymentCanceled,
        when="full or partial; the total of captured money refunded so far. payment.canceled if nothing was captured",
    ),
    **dict.fromkeys(("charge.refund.updated", "refund.created", "refund.updated", "refund.failed"), _REFUND),
    "charge.dispute.created": _published(dispute_changed, *_DISPUTE, when=_BY_STATUS),
    "charge.dispute.updated": _published(dispute_changed, *_DISPUTE, when=_BY_STATUS),
    "charge.dispute.closed": _published(dispute_changed, *_DISPUTE, when=_BY_STATUS),
    "charge.dispute.funds_withdrawn": _published(dispute_changed, *_DISPUTE, when=_BY_STATUS),
    "charge.dispute.funds_reinstated": _published(dispute_changed, *_DISPUTE, when=_BY_STATUS),
    "radar.early_fraud_warning.created": _published(fraud_warning_received, FraudWarningReceived),
    "radar.early_fraud_warning.updated": _published(fraud_warning_received, FraudWarningReceived),
    "review.opened": _REVIEW,
    "review.closed": _REVIEW,
    "checkout.session.completed": _published(
        session_completed,
        PaymentSucceeded,
        PaymentCreated,
        when="payment.succeeded once payment_status is paid or no_payment_required",
    ),
    "checkout.session.async_payment_succeeded": _published(session_completed, PaymentSucceeded),
    "checkout.session.async_payment_failed": _published(session_failed, PaymentFailed),
    "checkout.session.expired": _published(session_expired, CheckoutAbandoned),
    "invoice.paid": _published(invoice_paid, PaymentSucceeded, when="the amount paid is above 0"),
    "invoice.payment_succeeded": _published(invoice_paid, PaymentSucceeded, when="the amount paid is above 0"),
    "invoice.payment_failed": _published(invoice_failed, PaymentFailed),
    "invoice_payment.paid": EventMapping((), invoice_payment_changed, "invoice.paid reports the same"),
    **{f"invoice.{state}": _PAPERWORK for state in _INVOICE_STATES.split()},
    **dict.fromkeys(("customer.created", "customer.updated", "customer.deleted"), _CUSTOMER),
    **{f"customer.subscription.{state}": _SUBSCRIPTION for state in _SUBSCRIPTION_STATES.split()},
    **{f"payment_method.{state}": _PAYMENT_METHOD for state in _METHOD_STATES.split()},
}
