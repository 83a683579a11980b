"""Stripe's API, as far as several services call it."""
