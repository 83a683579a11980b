"""Webhooks and tracking in: authenticate, normalise, deduplicate, persist, publish."""
