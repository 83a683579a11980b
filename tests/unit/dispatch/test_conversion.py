from datetime import timedelta

import pytest

from orylo_common.messages import MatchKeys, Subscription, Tracking
from orylo_dispatch.destinations.meta.rules import event_time, find_fault
from orylo_dispatch.domain.conversion import conversion_of
from tests.unit.dispatch.cases import PAID_AT, ago, click, hashed, payment

CLICKED = click(
    ip="8.8.8.8",
    user_agent="Visitor",
    url="https://shop.example/",
    fbclid="IwAR0",
    fbc="fb.1.1778000000000.IwAR0",
    fbp="fb.1.1778000000000.1",
)


def test_the_clicks_address_and_browser_take_precedence_over_the_gateways() -> None:
    paid = payment(ip="9.9.9.9", user_agent="Checkout")

    with_click, without = conversion_of(paid, CLICKED), conversion_of(paid, None)

    assert (with_click.ip, with_click.user_agent, with_click.url) == ("8.8.8.8", "Visitor", "https://shop.example/")
    assert (without.ip, without.user_agent, without.url) == ("9.9.9.9", "Checkout", None)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "fe80::1", "not an address", ""])
def test_a_private_or_invalid_address_is_dropped(address: str) -> None:
    assert conversion_of(payment(ip=address), None).ip is None


def test_the_checkouts_cookie_takes_precedence_over_the_clicks() -> None:
    own = "fb.1.1778000001000.IwAR_own"

    assert conversion_of(payment(), CLICKED).fbc == CLICKED.fbc
    assert conversion_of(payment(tracking=Tracking(fbc=own)), CLICKED).fbc == own
    # The same click id: the click knows its time, the payment does not.
    assert conversion_of(payment(tracking=Tracking(fbclid="IwAR0")), CLICKED).fbc == CLICKED.fbc
    assert conversion_of(payment(tracking=Tracking(fbclid="IwAR_own")), None).fbc == "fb.1.1778414400000.IwAR_own"


def test_only_a_charge_after_the_first_is_a_renewal() -> None:
    def renewal(recurrence: int | None, reported: bool | None = None) -> bool:
        return conversion_of(payment(subscription=Subscription(recurrence=recurrence, renewal=reported)), None).renewal

    assert [renewal(None), renewal(1), renewal(2)] == [False, False, True]
    assert renewal(None, reported=True)
    assert conversion_of(payment(), None).renewal is False


def test_the_dedupe_id_is_the_payments_which_a_page_after_the_checkout_knows() -> None:
    assert conversion_of(payment(7), None).dedupe_id == "stripe:pi_7"


def test_a_stored_conversion_is_read_back_unchanged() -> None:
    conversion = conversion_of(payment(tracking=Tracking(fbp="fb.1.1778000000000.9")), CLICKED)

    assert type(conversion).model_validate_json(conversion.model_dump_json(exclude_defaults=True)) == conversion


def test_an_old_payment_is_not_sent() -> None:
    conversion = conversion_of(payment(), None)

    def fault_after(**age: float) -> str | None:
        fault = find_fault(conversion, PAID_AT + timedelta(**age))
        return fault.code if fault else None

    assert fault_after(days=6) is None
    # Meta refuses after 7 days; one hour is reserved for the transfer.
    assert fault_after(days=6, hours=23, minutes=1) == "too_old"


def test_a_slightly_fast_clock_is_corrected_and_a_far_future_time_is_a_fault() -> None:
    conversion = conversion_of(payment(), None)
    soon, tomorrow = ago(minutes=2), ago(days=1)

    assert find_fault(conversion, soon) is None
    assert event_time(conversion, soon) == soon
    fault = find_fault(conversion, tomorrow)
    assert fault is not None
    assert fault.code == "in_future"


@pytest.mark.parametrize(
    ("identifiers", "enough"),
    [
        ({"email": hashed("a")}, True),
        ({"first_name": hashed("a"), "last_name": hashed("b")}, True),
        ({"first_name": hashed("a")}, False),
        ({"city": hashed("a"), "country": hashed("b"), "zip": hashed("c"), "state": hashed("d")}, False),
        ({"birth_date": hashed("a")}, False),
        ({}, False),
    ],
)
def test_a_conversion_must_identify_its_buyer(identifiers: dict[str, str], enough: bool) -> None:
    paid = payment(customer_id=None, match_keys=MatchKeys(**identifiers))

    assert (find_fault(conversion_of(paid, None), PAID_AT) is None) == enough
