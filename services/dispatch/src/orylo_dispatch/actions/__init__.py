"""What is done at a payment provider because a payment is blocked, in PostgreSQL."""
