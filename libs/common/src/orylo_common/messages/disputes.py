"""What banks and card networks tell, through the gateway, after a payment."""

from typing import Literal

from pydantic import Field

from orylo_common.messages.payments import PaymentFact


class DisputeFact(PaymentFact):
    """A bank's case about a payment. `amount_minor` is what is disputed."""

    dispute_id: str
    reason: str | None = None


class DisputeOpened(DisputeFact):
    type: Literal["dispute.opened.v1"] = "dispute.opened.v1"


class DisputeWon(DisputeFact):
    """The case ended for the merchant; the money stays or came back."""

    type: Literal["dispute.won.v1"] = "dispute.won.v1"


class DisputeLost(DisputeFact):
    """The case ended for the payer: a chargeback."""

    type: Literal["dispute.lost.v1"] = "dispute.lost.v1"


class FraudWarningReceived(PaymentFact):
    """A card network calls the payment fraud, before any dispute."""

    type: Literal["fraud_warning.received.v1"] = "fraud_warning.received.v1"
    warning_id: str
    fraud_type: str | None = Field(default=None, description="the network's own word for it")
