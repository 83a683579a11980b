"""Compares a gateway's own records with the events received from it, and fetches missing events."""
