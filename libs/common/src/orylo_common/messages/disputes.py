"""Messages about what banks and card networks report after a payment, through the gateway."""

from typing import Literal

from pydantic import Field

from orylo_common.messages.payments import PaymentFact


class DisputeFact(PaymentFact):
    """A fact about a bank's case against a payment. `amount_minor` is the disputed amount."""

    dispute_id: str
    reason: str | None = None


class DisputeOpened(DisputeFact):
    type: Literal["dispute.opened.v1"] = "dispute.opened.v1"


class DisputeWon(DisputeFact):
    """The merchant won the case: the money stays or came back."""

    type: Literal["dispute.won.v1"] = "dispute.won.v1"


class DisputeLost(DisputeFact):
    """The payer won the case: a chargeback."""

    type: Literal["dispute.lost.v1"] = "dispute.lost.v1"


class FraudWarningReceived(PaymentFact):
    """A card network flagged the payment as fraud, before any dispute."""

    type: Literal["fraud_warning.received.v1"] = "fraud_warning.received.v1"
    warning_id: str
    fraud_type: str | None = Field(default=None, description="the network's own code")
