"""Webhooks: authenticate, build the record, store it, replay it."""
