"""What was done at the payment provider because a payment was blocked."""
