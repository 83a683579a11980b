"""Pages of stored and refused webhooks are one list: each webhook appears once, in order."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from orylo_api.webhooks.merging import Found, SortKey, merge_pages
from orylo_api.webhooks.models import ReceivedWebhook, WebhookState

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def webhook(number: int, minutes: int) -> ReceivedWebhook:
    at = NOON + timedelta(minutes=minutes)
    return ReceivedWebhook(
        id=UUID(int=number),
        state=WebhookState.ACCEPTED,
        gateway="stripe",
        type=None,
        gateway_event_id=None,
        payment_id=None,
        message_type=None,
        status=202,
        code=None,
        reason=None,
        deliveries=1,
        remote=None,
        occurred_at=None,
        created_at=at,
        last_received_at=at,
    )


def key(item: ReceivedWebhook) -> SortKey:
    return item.created_at, item.id


def page_of(items: Sequence[ReceivedWebhook], after: SortKey | None, limit: int, filtered: int) -> Found:
    """Return a page of a source that filters at most `filtered` rows, and finds every second."""
    left = [item for item in items if after is None or key(item) < after]
    searched = left[:filtered]
    found = [item for item in searched if item.id.int % 2 == 0][:limit]
    if len(found) == limit:
        return Found(found, key(found[-1]))
    return Found(found, key(searched[-1]) if len(left) > len(searched) else None)


@pytest.mark.parametrize("seed", range(20))
def test_all_pages_hold_every_webhook_once_in_order(seed: int) -> None:
    chance = random.Random(seed)
    sources = [
        sorted(
            (
                webhook(2 * number + 1000 * source * 2 + chance.randint(0, 1), chance.randint(0, 60))
                for number in range(40)
            ),
            key=key,
            reverse=True,
        )
        for source in range(2)
    ]
    limit, filtered = chance.choice([1, 3, 10, 100]), chance.choice([4, 7, 1000])
    seen: list[ReceivedWebhook] = []
    after: SortKey | None = None
    for _ in range(1000):
        items, after = merge_pages([page_of(source, after, limit, filtered) for source in sources], limit)
        assert len(items) <= limit
        seen += items
        if after is None:
            break
    expected = [item for source in sources for item in source if item.id.int % 2 == 0]
    assert seen == sorted(expected, key=key, reverse=True)
