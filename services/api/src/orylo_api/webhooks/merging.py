"""Merge two lists that are ordered by time and id, both descending, into pages of one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.webhooks.models import ReceivedWebhook

# The time and the id by which the lists are ordered.
SortKey = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Found:
    """Webhooks of one source, newest first. They are all down to `reached`; None: all there are."""

    items: Sequence[ReceivedWebhook]
    reached: SortKey | None = None


def merge_pages(sources: Sequence[Found], limit: int) -> tuple[list[ReceivedWebhook], SortKey | None]:
    """Return a page of all sources, and the key after which the next page begins, if there is one.

    Below the highest `reached`, a source may have items that are not known yet. The others' wait for the next page.
    """
    horizon = max((found.reached for found in sources if found.reached is not None), default=None)
    known = [item for found in sources for item in found.items if horizon is None or _key(item) >= horizon]
    known.sort(key=_key, reverse=True)
    if len(known) > limit:
        return known[:limit], _key(known[limit - 1])
    return known, horizon


def _key(item: ReceivedWebhook) -> SortKey:
    return item.created_at, item.id
