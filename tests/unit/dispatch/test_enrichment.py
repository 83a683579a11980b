"""A later event fills in the missing fields of a payment and never changes the others."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from orylo_common.messages import Card, MatchKeys, PaymentEnriched, PaymentSucceeded, Product, Subscription, Tracking
from orylo_common.messages.enrichment import enriched
from orylo_dispatch.destinations.meta.rules import find_fault
from orylo_dispatch.domain.conversion import conversion_of, is_nameless
from tests.unit.dispatch.cases import EMAIL, PAID_AT, PHONE, hashed, payment

NAMELESS: dict[str, Any] = {"customer_id": None, "match_keys": MatchKeys()}


def later(paid: PaymentSucceeded, **changes: Any) -> PaymentEnriched:
    fields = paid.model_dump() | {
        "type": "payment.enriched.v1",
        "message_id": uuid4(),
        "event_id": "event-later",
        "gateway_event_type": "charge.succeeded",
        "customer_id": "cus_" + "1" * 32,
        "match_keys": MatchKeys(email=EMAIL),
    }
    return PaymentEnriched.model_validate(fields | changes)


def test_missing_fields_are_filled_in() -> None:
    paid = payment(**NAMELESS)
    products = (Product(product_id="prod_1"),)
    event = later(
        paid,
        ip="203.0.113.9",
        user_agent="Firefox",
        order_id="order-1",
        products=products,
        subscription=Subscription(recurrence=2),
        tracking=Tracking(sck="fb|oc_1"),
    )

    full = enriched(paid, event)

    assert (full.match_keys.email, full.customer_id) == (EMAIL, event.customer_id)
    assert (full.ip, full.user_agent, full.order_id, full.products) == ("203.0.113.9", "Firefox", "order-1", products)
    assert (full.subscription, full.tracking) == (event.subscription, event.tracking)


def test_known_fields_stay() -> None:
    paid = payment(
        match_keys=MatchKeys(phone=PHONE),
        ip="203.0.113.7",
        order_id="order-1",
        products=(Product(product_id="prod_1"),),
        tracking=Tracking(src="google"),
    )
    event = later(
        paid,
        match_keys=MatchKeys(email=EMAIL, phone=hashed("another")),
        ip="203.0.113.9",
        user_agent="Firefox",
        order_id="order-2",
        products=(),
        tracking=Tracking(src="facebook", sck="a"),
        amount_minor=1,
        currency="USD",
        occurred_at=PAID_AT + timedelta(hours=1),
    )

    full = enriched(paid, event)

    assert full.match_keys == MatchKeys(email=EMAIL, phone=PHONE)
    assert full.tracking == Tracking(src="google", sck="a")
    # The address of one visitor is never combined with the browser of another.
    assert (full.ip, full.user_agent, full.order_id) == ("203.0.113.7", None, "order-1")
    unchanged = {"match_keys", "tracking"}
    assert full.model_dump(exclude=unchanged) == paid.model_dump(exclude=unchanged)


@pytest.mark.parametrize(
    ("changes", "nameless", "fault"),
    [
        (NAMELESS, True, "anonymous"),
        (NAMELESS | {"customer_id": "cus_1"}, True, None),
        (NAMELESS | {"subscription": Subscription(subscription_id="sub_1")}, True, None),
        (NAMELESS | {"match_keys": MatchKeys(country=hashed("br")), "customer_id": "cus_1"}, True, None),
        (NAMELESS | {"match_keys": MatchKeys(email=EMAIL)}, False, None),
        (NAMELESS | {"tracking": Tracking(fbp="fb.1.1778000000000.1")}, False, None),
    ],
)
def test_our_own_ids_do_not_name_a_buyer(changes: dict[str, Any], nameless: bool, fault: str | None) -> None:
    conversion = conversion_of(payment(**changes), None)
    found = find_fault(conversion, PAID_AT)

    assert is_nameless(conversion) is nameless
    assert (found and found.code) == fault


def test_a_card_is_completed_but_not_mixed_with_another_card() -> None:
    paid = payment(card=Card(last4="4242", brand="visa"))

    assert enriched(paid, later(paid, card=Card(last4="4242", country="BR"))).card == Card(
        last4="4242", brand="visa", country="BR"
    )
    assert enriched(paid, later(paid, card=Card(last4="1881", country="US"))).card == paid.card
    assert enriched(payment(card=None), later(paid, card=Card(last4="1881"))).card == Card(last4="1881")


def test_a_visitor_is_not_lost_to_an_event_without_an_address() -> None:
    paid = payment(ip=None, user_agent="Firefox")

    assert enriched(paid, later(paid, ip=None, user_agent=None)).user_agent == "Firefox"
