"""The score of a count above its limit."""

# The score just above a limit; twice the limit scores 100.
LOWEST = 50


def excess(observed: int, limit: int) -> int:
    """Return `LOWEST` just above the limit, rising to 100 at twice the limit."""
    return min(100, LOWEST + (100 - LOWEST) * (observed - limit) // limit)
