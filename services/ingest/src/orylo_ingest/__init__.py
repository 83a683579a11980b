"""Receive webhooks and visits: authenticate, normalise, deduplicate, store, publish."""
