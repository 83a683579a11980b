"""Cancellations and refunds of blocked payments in PostgreSQL, and the messages that lead to them."""
