"""Stripe's lists: newest first, filtered by time, a page at a time. https://docs.stripe.com/api/pagination"""

from collections.abc import Iterable, Mapping
from typing import Any

from orylo_cli.demo.fake_stripe.errors import invalid_request

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
_BOUNDS = frozenset({"created[gte]", "created[gt]", "created[lte]", "created[lt]"})
_PARAMETERS = frozenset({"limit", "starting_after", "expand[]", *_BOUNDS})


def page_of(items: Iterable[Mapping[str, Any]], query: Mapping[str, str], url: str) -> dict[str, Any]:
    """Return the page that the query asks for. Raises `StripeRefusal` as Stripe does."""
    if unknown := query.keys() - _PARAMETERS:
        raise invalid_request(f"Received unknown parameter: {min(unknown)}", "parameter_unknown")
    limit = _integer(query, "limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid_request("Invalid limit: must be between 1 and 100", "parameter_invalid_integer")
    # The order of events of the same second is that of their ids, and stable.
    listed = sorted(items, key=lambda each: (each["created"], each["id"]), reverse=True)
    listed = [each for each in listed if _is_within(each["created"], query)]
    if after := query.get("starting_after"):
        positions = [number for number, each in enumerate(listed) if each["id"] == after]
        if not positions:
            raise invalid_request(f"No such object: '{after}'", "resource_missing")
        listed = listed[positions[0] + 1 :]
    page = [_shown(each, query) for each in listed[:limit]]
    return {"object": "list", "url": url, "data": page, "has_more": len(listed) > limit}


def _is_within(created: int, query: Mapping[str, str]) -> bool:
    return _integer(query, "created[gte]", created) <= created <= _integer(query, "created[lte]", created) and _integer(
        query, "created[gt]", created - 1
    ) < created < _integer(query, "created[lt]", created + 1)


def _shown(item: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return the item. A source is its id, unless it is expanded."""
    source = item.get("source")
    if isinstance(source, Mapping) and query.get("expand[]") != "data.source":
        return {**item, "source": source["id"]}
    return dict(item)


def _integer(query: Mapping[str, str], name: str, default: int) -> int:
    given = query.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit()):
        raise invalid_request(f"Invalid integer: {name}", "parameter_invalid_integer")
    return int(given)
