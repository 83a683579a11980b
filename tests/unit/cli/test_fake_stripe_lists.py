"""The fake Stripe pages its lists as Stripe does."""

from typing import Any

import pytest

from orylo_cli.demo.fake_stripe.errors import StripeRefusal
from orylo_cli.demo.fake_stripe.lists import page_of

ITEMS = [{"id": f"evt_{number}", "created": 1000 + number // 2} for number in range(6)]


def listed(query: dict[str, str]) -> tuple[list[str], bool]:
    page = page_of(ITEMS, query, "/v1/events")
    return [each["id"] for each in page["data"]], page["has_more"]


def test_pages_follow_each_other_newest_first() -> None:
    assert listed({"limit": "4"}) == (["evt_5", "evt_4", "evt_3", "evt_2"], True)
    assert listed({"limit": "4", "starting_after": "evt_2"}) == (["evt_1", "evt_0"], False)
    assert listed({"created[gte]": "1001", "created[lt]": "1002"}) == (["evt_3", "evt_2"], False)
    assert listed({"created[gt]": "1001", "created[lte]": "1002"}) == (["evt_5", "evt_4"], False)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"starting_after": "evt_9"}, {"since": "1"}])
def test_what_stripe_refuses_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(StripeRefusal):
        page_of(ITEMS, query, "/v1/events")


def test_a_source_is_an_id_unless_it_is_expanded() -> None:
    items: list[dict[str, Any]] = [{"id": "txn_1", "created": 1, "source": {"id": "ch_1"}}]
    assert page_of(items, {}, "/v1")["data"][0]["source"] == "ch_1"
    assert page_of(items, {"expand[]": "data.source"}, "/v1")["data"][0]["source"] == {"id": "ch_1"}
