"""A gateway that sends an event again may write other times and links into it."""

from copy import deepcopy
from typing import Any

import pytest

from orylo_common.control.models import LiveMode
from tests.unit.ingest.given import FIXTURES, document_of, recorded, recorded_from, stripe


def sent_again(gateway: str, document: Any) -> Any:
    """Return the event with fields that say nothing new, at the top and in its object."""
    anew = deepcopy(document)
    news = {"updated_at": "2026-03-11 10:00", "access_url": "https://example.com/new", "funds_status": "paid"}
    anew |= news | {"pending_webhooks": 3}
    if gateway == "stripe":
        anew["data"]["object"] |= news
    return anew


def is_repeatable(fixture: str) -> bool:
    """Return whether the fixture can be interpreted, and its gateway gives the event an id."""
    first = recorded(fixture)
    if first.status == "quarantined":
        return False
    gateway = fixture.partition("/")[0]
    return first.event_id == recorded_from(gateway, sent_again(gateway, document_of(fixture))).event_id


REPEATABLE = [fixture for fixture in FIXTURES if is_repeatable(fixture)]


@pytest.mark.parametrize("fixture", REPEATABLE)
def test_an_event_that_is_sent_again_has_the_same_content(fixture: str) -> None:
    gateway, document = fixture.partition("/")[0], document_of(fixture)
    first = recorded_from(gateway, deepcopy(document))
    again = recorded_from(gateway, sent_again(gateway, document))
    assert first.body_sha256 != again.body_sha256
    assert first.content_sha256 == again.content_sha256


def test_an_event_in_a_mode_that_is_not_accepted_has_the_same_content() -> None:
    live = frozenset[LiveMode]({"live"})
    document = stripe("charge.succeeded")
    first = recorded_from("stripe", deepcopy(document), accept=live)
    again = recorded_from("stripe", sent_again("stripe", document), accept=live)
    assert (first.status, first.event_id) == ("ignored", again.event_id)
    assert first.content_sha256 == again.content_sha256


def test_an_ignored_event_and_a_published_one_differ() -> None:
    paid, unpaid = stripe("checkout.session.completed"), stripe("checkout.session.completed", mode="setup")
    assert recorded_from("stripe", paid).content_sha256 != recorded_from("stripe", unpaid).content_sha256


def kiwify(path: tuple[str, ...], value: Any) -> Any:
    document = document_of("kiwify/order_approved_card.json")
    above = document
    for key in path[:-1]:
        above = above[key]
    assert above[path[-1]] != value
    above[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("Commissions", "charge_amount"), 1),
        (("Commissions", "product_base_price_currency"), "USD"),
        (("Customer", "email"), "someone.else@example.com"),
    ],
)
def test_another_amount_currency_or_buyer_is_another_content(path: tuple[str, ...], value: Any) -> None:
    first, other = recorded("kiwify/order_approved_card.json"), recorded_from("kiwify", kiwify(path, value))
    assert first.event_id == other.event_id
    assert first.content_sha256 != other.content_sha256


@pytest.mark.parametrize(
    ("fixture", "field"),
    [
        ("hotmart/v1_purchase_approved.json", "status"),
        ("hotmart/simplified_approved.json", "status"),
        ("kiwify/simplified_completed.json", "status"),
        ("perfectpay/approved_card.json", "sale_status_enum_key"),
    ],
)
def test_a_status_in_capitals_is_the_same_content(fixture: str, field: str) -> None:
    document = document_of(fixture)
    document[field] = document[field].capitalize()
    first, again = recorded(fixture), recorded_from(fixture.partition("/")[0], document)
    assert (first.event_id, first.content_sha256) == (again.event_id, again.content_sha256)
