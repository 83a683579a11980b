"""Our event compared with the one that Meta's own SDK makes from the same data."""

from datetime import timedelta
from typing import Any

from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.content import Content
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.user_data import UserData

from orylo_common.messages import MatchKeys, Product, Subscription, Tracking
from orylo_dispatch.destinations.meta.event import to_meta_event
from orylo_dispatch.domain.conversion import conversion_of
from tests.unit.dispatch.cases import PAID_AT, click, hashed, payment

KEYS = {
    name: hashed(name)
    for name in ["email", "phone", "first_name", "last_name", "birth_date", "city", "state", "zip", "country"]
}
FBC, FBP = "fb.1.1778410000000.IwAR0_x-Y", "fb.1.1778000000000.1234567890"
CLICK = click(
    ip="2001:4860:4860::8888",
    user_agent="Mozilla/5.0",
    url="https://shop.example/offer",
    referrer="https://m.facebook.com/",
    fbclid="IwAR0_x-Y",
    fbc=FBC,
    fbp=FBP,
)
PAYMENT = payment(
    match_keys=MatchKeys(**KEYS),
    products=(Product(product_id="p1", quantity=2, price_minor=500), Product(product_id="p2")),
    order_id="order-9",
    subscription=Subscription(subscription_id="sub_1", recurrence=1),
)


def of(paid: Any = PAYMENT, seen: Any = CLICK, **more: Any) -> dict[str, Any]:
    return to_meta_event(conversion_of(paid, seen), now=PAID_AT + timedelta(minutes=1), **more)


def test_the_event_equals_that_of_the_official_sdk() -> None:
    theirs = Event(
        event_name="Purchase",
        event_time=int(PAID_AT.timestamp()),
        event_id="stripe:pi_1",
        event_source_url="https://shop.example/offer",
        referrer_url="https://m.facebook.com/",
        action_source=ActionSource.WEBSITE,
        user_data=UserData(
            emails=[KEYS["email"]],
            phones=[KEYS["phone"]],
            first_names=[KEYS["first_name"]],
            last_names=[KEYS["last_name"]],
            dates_of_birth=[KEYS["birth_date"]],
            cities=[KEYS["city"]],
            states=[KEYS["state"]],
            zip_codes=[KEYS["zip"]],
            country_codes=[KEYS["country"]],
            external_ids=["cus_" + "0" * 32],
            client_ip_address="2001:4860:4860::8888",
            client_user_agent="Mozilla/5.0",
            fbc=FBC,
            fbp=FBP,
            subscription_id="sub_1",
        ),
        custom_data=CustomData(
            value=12.5,
            currency="BRL",
            order_id="order-9",
            content_type="product",
            content_ids=["p1", "p2"],
            contents=[Content(product_id="p1", quantity=2, item_price=5.0), Content(product_id="p2", quantity=1)],
        ),
    ).normalize()
    # The SDK writes currencies in lower case; Meta accepts both.
    theirs["custom_data"]["currency"] = theirs["custom_data"]["currency"].upper()

    assert of() == theirs


def test_amounts_are_in_the_major_unit_of_the_currency() -> None:
    def value(amount_minor: int, currency: str) -> float:
        major: float = of(payment(amount_minor=amount_minor, currency=currency))["custom_data"]["value"]
        return major

    assert [value(1999, "USD"), value(1999, "JPY"), value(1999, "KWD"), value(1, "BRL")] == [19.99, 1999, 1.999, 0.01]


def test_only_an_event_with_a_page_is_a_website_event() -> None:
    renewal = payment(subscription=Subscription(recurrence=2))

    assert of()["action_source"] == "website"
    assert of(seen=None)["action_source"] == "other"
    assert "event_source_url" not in of(seen=None)
    assert of(seen=None, site_url="https://shop.example")["event_source_url"] == "https://shop.example"
    assert of(renewal, None)["action_source"] == "system_generated"


def test_a_cookie_that_meta_would_refuse_is_dropped_and_the_event_is_sent() -> None:
    event = of(payment(tracking=Tracking(fbc="fb.1.1778410000000.fb.1.1.x", fbp="bad")), None)

    assert event["user_data"].keys() == {"em", "ph", "external_id"}


def test_a_fast_clock_does_not_put_the_event_in_the_future() -> None:
    now = PAID_AT - timedelta(minutes=3)

    assert to_meta_event(conversion_of(PAYMENT, None), now=now)["event_time"] == int(now.timestamp())
