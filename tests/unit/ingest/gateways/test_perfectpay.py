from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.perfectpay import STATUSES
from orylo_ingest.gateways.port import NormalisedEvent
from tests.unit.ingest.given import RECEIVED_AT, document_of, message_in, recorded_from


def perfectpay(name: str, **changes: Any) -> dict[str, Any]:
    """Return a sale with some keys changed."""
    return {**document_of(f"perfectpay/{name}.json"), **changes}


def recorded(document: dict[str, Any]) -> Any:
    return recorded_from("perfectpay", document)


def message_of(document: dict[str, Any]) -> Any:
    return message_in(recorded(document))


def test_a_status_written_with_a_zero_fraction_is_that_status() -> None:
    whole, fraction = (recorded(perfectpay("approved_card", sale_status_enum=status)) for status in (2, 2.0))
    assert (fraction.message_type, fraction.event_id) == (whole.message_type, whole.event_id)


@pytest.mark.parametrize("status", list(STATUSES))
@pytest.mark.parametrize("as_text", [False, True])
def test_every_status_gives_a_message_or_a_reason(status: int, as_text: bool) -> None:
    record = recorded(perfectpay("approved_card", sale_status_enum=str(status) if as_text else status))
    assert record.status in ("published", "ignored"), record.reason
    assert record.message_type or record.reason


def test_an_unknown_status_is_quarantined() -> None:
    assert recorded(perfectpay("approved_card", sale_status_enum=14)).status == "quarantined"


def test_the_end_of_the_guarantee_reports_the_same_facts_as_the_sale() -> None:
    approved, completed = (recorded(perfectpay("approved_card", sale_status_enum=status)) for status in (2, 10))
    assert approved.facts == completed.facts
    assert approved.event_id != completed.event_id
    assert message_in(approved).occurred_at == message_in(completed).occurred_at


def test_timestamps_are_read_in_the_zone_of_sao_paulo_by_default() -> None:
    sale = perfectpay("approved_card")
    at = datetime.fromisoformat(sale["date_approved"])
    assert message_of(sale).occurred_at == at.replace(tzinfo=ZoneInfo("America/Sao_Paulo"))
    read = GATEWAYS["perfectpay"].normalise(perfectpay("approved_card"), RECEIVED_AT, ZoneInfo("UTC"))
    assert isinstance(read, NormalisedEvent)
    assert read.occurred_at == at.replace(tzinfo=ZoneInfo("UTC"))


def test_a_timestamp_later_than_its_arrival_is_counted() -> None:
    def ahead() -> float:
        labels = {"gateway": "perfectpay", "variant": "stamp_ahead"}
        return REGISTRY.get_sample_value("orylo_webhook_variants_total", labels) or 0.0

    before = ahead()
    assert message_of(perfectpay("approved_card", date_approved="2026-06-01 11:59:00")).occurred_at == RECEIVED_AT
    assert ahead() == before + 1


def test_an_order_bump_is_marked_even_if_its_sale_is_not_named() -> None:
    named = message_of(perfectpay("approved_orderbump"))
    assert (named.order_bump, named.order_bump_of) == (True, "perfectpay:PPCPMTBEXMPL01")
    unnamed = message_of(perfectpay("approved_orderbump", parent_sale_code=None))
    assert (unnamed.order_bump, unnamed.order_bump_of) == (True, None)
    assert not message_of(perfectpay("approved_card")).order_bump


def test_a_renewal_is_a_separate_sale_marked_as_renewal() -> None:
    first, renewal = (message_of(perfectpay(f"approved_subscription_{kind}")) for kind in ("started", "renewed"))
    assert first.payment_id != renewal.payment_id
    assert first.subscription.subscription_id == renewal.subscription.subscription_id
    assert (first.subscription.renewal, renewal.subscription.renewal) == (None, True)


def test_a_cancelled_subscription_does_not_cancel_a_sale() -> None:
    assert recorded(perfectpay("subscription_canceled")).status == "ignored"
    assert recorded(perfectpay("cancelled")).message_type == "payment.canceled.v1"


@pytest.mark.parametrize("amount", [197, 197.0, "197", "197.00"])
def test_amounts_are_decimals_in_major_units_as_numbers_or_texts(amount: Any) -> None:
    assert message_of(perfectpay("approved_card", sale_amount=amount)).amount_minor == 19700
