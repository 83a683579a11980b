"""Details of a payment that its own event left open and later events supply."""

from collections.abc import Mapping
from typing import Any

# By detail: the key of the event that reports it, which decides between several, and the value.
Enriched = dict[str, list[Any]]


def is_known(detail: Any) -> bool:
    return detail is not None and detail != []


def fill_in(details: Mapping[str, Any], enriched: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return the details, with later events' values where the payment's own are not known."""
    added = {name: value for name, (_, value) in enriched.items() if not is_known(details.get(name))}
    return {**details, **added}
