"""The payments of one account and mode. Refuses what Stripe refuses, with its codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orylo_cli.demo.fake_stripe.errors import invalid_request

# https://docs.stripe.com/payments/paymentintents/lifecycle
CANCELABLE = frozenset(
    {"requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing"}
)
REFUND_PARAMETERS = frozenset({"payment_intent", "charge", "amount", "reason", "metadata"})
CANCELLATION_REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer", "abandoned"})


@dataclass(slots=True)
class FakePayment:
    """An intent with its charge. Amounts are in minor units."""

    id: str
    status: str
    amount: int
    charge_id: str
    disputed: bool = False
    refunds: list[dict[str, Any]] = field(default_factory=list)

    @property
    def refunded(self) -> int:
        return sum(refund["amount"] for refund in self.refunds if refund["status"] != "failed")

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, "object": "payment_intent", "status": self.status, "amount": self.amount}


@dataclass(slots=True)
class FakeAccount:
    """`invoices` has the intent that paid each. `events` and `transactions` are listed, whatever their order."""

    payments: dict[str, FakePayment] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    # Balance transactions, with the whole source.
    transactions: list[dict[str, Any]] = field(default_factory=list)

    def add(self, payment_id: str, *, status: str = "succeeded", amount: int = 1250, **more: Any) -> FakePayment:
        payment = FakePayment(payment_id, status, amount, payment_id.replace("pi_", "ch_", 1), **more)
        self.payments[payment_id] = payment
        return payment

    def cancel(self, payment_id: str, form: Mapping[str, str]) -> dict[str, Any]:
        payment = self._find(payment_id, "payment_intent")
        if unknown := form.keys() - {"cancellation_reason"}:
            raise invalid_request(f"Received unknown parameter: {min(unknown)}", "parameter_unknown")
        if form.get("cancellation_reason", "abandoned") not in CANCELLATION_REASONS:
            raise invalid_request("Invalid cancellation_reason")
        if payment.status not in CANCELABLE:
            raise invalid_request(
                f"You cannot cancel this PaymentIntent because it has a status of {payment.status}.",
                "payment_intent_unexpected_state",
                payment_intent=payment.shown(),
            )
        payment.status = "canceled"
        return payment.shown()

    def refund(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Refund the captured amount less earlier refunds, or `amount` of it."""
        for name in form:
            if name.partition("[")[0] not in REFUND_PARAMETERS:
                raise invalid_request(f"Received unknown parameter: {name}", "parameter_unknown")
        payment = self._find(form.get("payment_intent") or form.get("charge") or "", "charge")
        if payment.status != "succeeded":
            raise invalid_request("This PaymentIntent does not have a successful charge to refund.")
        if payment.disputed:
            raise invalid_request(f"Charge {payment.charge_id} has been charged back.", "charge_disputed")
        left = payment.amount - payment.refunded
        if not left:
            raise invalid_request(f"Charge {payment.charge_id} has already been refunded.", "charge_already_refunded")
        amount = int(form.get("amount", left))
        if amount > left:
            raise invalid_request("Refund amount is greater than unrefunded amount on charge")
        metadata = {key[9:-1]: value for key, value in form.items() if key.startswith("metadata[")}
        refund = {
            "id": f"re_{payment.id[3:]}_{len(payment.refunds) + 1}",
            "object": "refund",
            "amount": amount,
            "status": "succeeded",
            "payment_intent": payment.id,
            "metadata": metadata,
        }
        payment.refunds.append(refund)
        return refund

    def _find(self, payment_id: str, kind: str) -> FakePayment:
        for payment in self.payments.values():
            if payment_id in (payment.id, payment.charge_id):
                return payment
        raise invalid_request(f"No such {kind}: '{payment_id}'", "resource_missing", status=404)
