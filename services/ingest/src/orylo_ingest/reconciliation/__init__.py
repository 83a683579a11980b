"""Compares a gateway's own records with what was received from it, and fetches what is missing."""
