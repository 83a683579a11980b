from datetime import timedelta

import pytest

from orylo_common.messages import MatchKeys, Subscription, Tracking
from orylo_dispatch.domain.conversion import conversion_of, event_time, find_fault
from tests.unit.dispatch.cases import PAID_AT, ago, click, hashed, payment

CLICKED = click(
    ip="8.8.8.8",
    user_agent="Visitor",
    url="https://shop.example/",
    fbclid="IwAR0",
    fbc="fb.1.1778000000000.IwAR0",
    fbp="fb.1.1778000000000.1",
)


def test_the_visitors_address_and_browser_come_before_what_the_gateway_tells() -> None:
    paid = payment(ip="9.9.9.9", user_agent="Checkout")

    with_click, without = conversion_of(paid, CLICKED), conversion_of(paid, None)

    assert (with_click.ip, with_click.user_agent, with_click.url) == ("8.8.8.8", "Visitor", "https://shop.example/")
    assert (without.ip, without.user_agent, without.url) == ("9.9.9.9", "Checkout", None)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "fe80::1", "not an address", ""])
def test_an_address_that_is_nobodys_is_left_out(address: str) -> None:
    assert conversion_of(payment(ip=address), None).ip is None


def test_the_cookie_that_the_checkout_carried_comes_before_the_clicks() -> None:
    own = "fb.1.1778000001000.IwAR_own"

    assert conversion_of(payment(), CLICKED).fbc == CLICKED.fbc
    assert conversion_of(payment(tracking=Tracking(fbc=own)), CLICKED).fbc == own
    # The same click: it knows when it was, the payment does not.
    assert conversion_of(payment(tracking=Tracking(fbclid="IwAR0")), CLICKED).fbc == CLICKED.fbc
    assert conversion_of(payment(tracking=Tracking(fbclid="IwAR_own")), None).fbc == "fb.1.1778414400000.IwAR_own"


def test_only_a_charge_after_the_first_is_a_renewal() -> None:
    def renewal(recurrence: int | None, told: bool | None = None) -> bool:
        return conversion_of(payment(subscription=Subscription(recurrence=recurrence, renewal=told)), None).renewal

    assert [renewal(None), renewal(1), renewal(2)] == [False, False, True]
    assert renewal(None, told=True)
    assert conversion_of(payment(), None).renewal is False


def test_a_page_after_the_checkout_can_know_the_id() -> None:
    assert conversion_of(payment(7), None).shared_id == "stripe:pi_7"


def test_what_is_stored_comes_back_the_same() -> None:
    conversion = conversion_of(payment(tracking=Tracking(fbp="fb.1.1778000000000.9")), CLICKED)

    assert type(conversion).model_validate_json(conversion.model_dump_json(exclude_defaults=True)) == conversion


def test_an_old_payment_is_not_sent() -> None:
    conversion = conversion_of(payment(), None)

    def fault_after(**age: float) -> str | None:
        fault = find_fault(conversion, PAID_AT + timedelta(**age))
        return fault.code if fault else None

    assert fault_after(days=6) is None
    # Meta refuses at 7 days; an hour is kept for the way.
    assert fault_after(days=6, hours=23, minutes=1) == "too_old"


def test_a_clock_a_little_fast_is_put_right_and_one_far_ahead_is_not_believed() -> None:
    conversion = conversion_of(payment(), None)
    soon, tomorrow = ago(minutes=2), ago(days=1)

    assert find_fault(conversion, soon) is None
    assert event_time(conversion, soon) == soon
    fault = find_fault(conversion, tomorrow)
    assert fault is not None
    assert fault.code == "in_future"


@pytest.mark.parametrize(
    ("known", "enough"),
    [
        ({"email": hashed("a")}, True),
        ({"first_name": hashed("a"), "last_name": hashed("b")}, True),
        ({"first_name": hashed("a")}, False),
        ({"city": hashed("a"), "country": hashed("b"), "zip": hashed("c"), "state": hashed("d")}, False),
        ({"birth_date": hashed("a")}, False),
        ({"document": hashed("a")}, False),
        ({}, False),
    ],
)
def test_somebody_has_to_be_recognisable(known: dict[str, str], enough: bool) -> None:
    paid = payment(customer_id=None, match_keys=MatchKeys(**known))

    assert (find_fault(conversion_of(paid, None), PAID_AT) is None) == enough
