"""Stripe's API keys."""

import re

STRIPE_KEY = re.compile(r"(?:rk|sk)_(live|test)_[A-Za-z0-9]+")


def is_live(key: str) -> bool | None:
    """Return whether a Stripe key is for live mode; None if it is not a secret or restricted key."""
    match = STRIPE_KEY.fullmatch(key)
    return None if match is None else match[1] == "live"
