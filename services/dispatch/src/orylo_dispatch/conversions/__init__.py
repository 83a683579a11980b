"""Payments, clicks and decisions in PostgreSQL, and the conversions that they lead to."""
