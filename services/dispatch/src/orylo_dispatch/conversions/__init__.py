"""Payments, clicks and decisions, and the conversions that come of them, in PostgreSQL."""
