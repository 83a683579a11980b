"""Keeps the trust ledger of every customer."""
