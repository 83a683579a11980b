"""The score of a count above its limit."""


def excess(observed: int, limit: int) -> int:
    """Return 50 just above the limit, rising to 100 at twice the limit."""
    return min(100, 50 + 50 * (observed - limit) // limit)
