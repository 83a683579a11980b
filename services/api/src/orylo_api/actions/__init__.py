"""Cancellations and refunds at the payment provider because a payment was blocked."""
