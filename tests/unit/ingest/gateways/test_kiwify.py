from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orylo_common.hashing import hash_of
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.kiwify import EVENTS
from orylo_ingest.gateways.port import NormalisedEvent
from tests.unit.ingest.given import RECEIVED_AT, document_of, message_in, recorded_from


def kiwify(name: str, **changes: Any) -> dict[str, Any]:
    """Return an order with some keys changed."""
    return {**document_of(f"kiwify/{name}.json"), **changes}


def recorded(document: dict[str, Any]) -> Any:
    return recorded_from("kiwify", document)


def message_of(document: dict[str, Any]) -> Any:
    return message_in(recorded(document))


def test_amounts_are_cents_and_include_the_interest_of_instalments() -> None:
    order = kiwify("order_approved_card")
    order["Commissions"] |= {"charge_amount": 15738, "product_base_price": 14700}
    payment = message_of(order)
    assert (payment.amount_minor, payment.products[0].price_minor) == (15738, 14700)


def test_cents_written_with_a_zero_fraction_are_cents() -> None:
    order = kiwify("order_approved_card")
    order["Commissions"] |= {"charge_amount": 15738.0}
    assert message_of(order).amount_minor == 15738
    order["Commissions"] |= {"charge_amount": 15738.5}
    assert recorded(order).status == "quarantined"


def test_timestamps_are_read_in_the_zone_of_sao_paulo() -> None:
    assert message_of(kiwify("order_approved_card")).occurred_at.isoformat() == "2026-03-10T17:22:00+00:00"


def test_no_event_is_dated_after_its_arrival() -> None:
    assert message_of(kiwify("order_approved_card", approved_date="2027-01-01 00:00")).occurred_at == RECEIVED_AT


def test_the_zone_of_an_integration_replaces_the_default() -> None:
    read = GATEWAYS["kiwify"].normalise(kiwify("order_approved_card"), RECEIVED_AT, ZoneInfo("UTC"))
    assert isinstance(read, NormalisedEvent)
    assert read.occurred_at == datetime(2026, 3, 10, 14, 22, tzinfo=ZoneInfo("UTC"))


@pytest.mark.parametrize("event", list(EVENTS))
def test_every_event_gives_a_message_or_a_reason(event: str) -> None:
    record = recorded(kiwify("order_approved_card", webhook_event_type=event))
    assert record.status in ("published", "ignored"), record.reason
    assert record.message_type or record.reason


def test_a_wrapped_order_is_the_same_event_and_payment() -> None:
    order = document_of("kiwify/wrapped_order_approved.json")["order"]
    wrapped, plain = recorded(document_of("kiwify/wrapped_order_approved.json")), recorded(order)
    assert (wrapped.event_id, wrapped.facts) == (plain.event_id, plain.facts)


def test_a_paid_pix_keeps_its_order_and_a_renewal_has_another() -> None:
    waiting, paid = (message_of(kiwify(name)) for name in ("pix_created", "order_approved_pix"))
    assert waiting.payment_id == paid.payment_id
    first, renewal = (message_of(kiwify(name)) for name in ("order_approved_subscription", "subscription_renewed"))
    assert first.payment_id != renewal.payment_id
    assert first.subscription.subscription_id == renewal.subscription.subscription_id
    assert (first.subscription.renewal, renewal.subscription.renewal) == (None, True)


def test_each_declined_attempt_of_an_order_is_reported() -> None:
    refused = [recorded(kiwify("order_rejected", updated_at=f"2026-03-10 14:2{minute}")) for minute in (2, 3)]
    assert refused[0].event_id != refused[1].event_id
    assert refused[0].facts != refused[1].facts


@pytest.mark.parametrize(
    ("name", "key"),
    [("abandoned_cart", "id"), ("simplified_completed", "purchase_id"), ("order_approved_card", "order_id")],
)
@pytest.mark.parametrize("missing", [None, "", {}, []])
def test_events_without_an_id_are_different_events(name: str, key: str, missing: Any) -> None:
    one, other = (
        recorded(kiwify(name, created_at=at, **{key: missing})) for at in ("2026-03-10 14:22", "2026-03-11 15:33")
    )
    assert one.event_id != other.event_id
    assert one.event_id == recorded(kiwify(name, created_at="2026-03-10 14:22", **{key: missing})).event_id


def test_the_panels_test_is_marked_and_may_be_repeated() -> None:
    record = recorded(kiwify("panel_test_order_approved"))
    assert message_in(record).test
    assert record.facts == ()


@pytest.mark.parametrize("written", ["2026-03-10T17:22:31Z", "2026-03-10T14:22:31", 1773163351, "1773163351000"])
def test_times_of_relays_are_read_in_any_format(written: Any) -> None:
    payment = message_of(kiwify("simplified_completed", created_at=written))
    assert payment.occurred_at.isoformat() == "2026-03-10T17:22:31+00:00"
    assert (payment.amount_minor, payment.match_keys.phone) == (14700, hash_of("5511987650001"))


def test_an_undocumented_event_is_quarantined() -> None:
    assert recorded(kiwify("order_approved_card", webhook_event_type="order_teleported")).status == "quarantined"
