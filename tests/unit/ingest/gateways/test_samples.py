"""A sample webhook of each gateway authenticates, is read as a sale, and is marked as a test."""

import re
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from orylo_common.control.models import GATEWAY_NAMES, GatewayName, GatewaySetting, Mode
from orylo_common.messages import PaymentSucceeded
from orylo_common.sample_webhooks import AMOUNT_MINOR, SAMPLE_PAYMENTS, sample_webhook
from orylo_common.webhook_signing import WebhookSigner
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.webhooks.authentication import authenticate
from orylo_ingest.webhooks.record import build_record
from tests.unit.ingest.given import TENANT, message_in, secret

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
SECRET = "whsec_sample"


def received(gateway: GatewayName, mode: Mode, number: str = "a1b2") -> RawWebhook:
    body = sample_webhook(gateway, number, NOW, token=SECRET)
    signer = WebhookSigner(gateway, SECRET, mode)
    return RawWebhook(signer.headers(body, int(NOW.timestamp())), urlencode(signer.query(body)), body)


def test_every_gateway_has_a_sample() -> None:
    assert set(GATEWAY_NAMES) == set(GATEWAYS)


@pytest.mark.parametrize("gateway", GATEWAY_NAMES)
@pytest.mark.parametrize("mode", ["native", "hmac"])
def test_a_sample_authenticates(gateway: GatewayName, mode: Mode) -> None:
    known = secret(SECRET)
    setting = GatewaySetting(
        TENANT, gateway, True, mode, frozenset({"live", "test"}), (), (secret("other", 2), known), None
    )
    assert authenticate(GATEWAYS[gateway], setting, received(gateway, mode), NOW) == known.id


@pytest.mark.parametrize("gateway", GATEWAY_NAMES)
def test_a_sample_is_a_test_sale_and_each_one_is_new(gateway: GatewayName) -> None:
    records = [
        build_record(GATEWAYS[gateway], TENANT, received(gateway, "native", number).document(), NOW)
        for number in ("a1", "b2")
    ]
    messages = [message_in(record) for record in records]
    for message in messages:
        assert isinstance(message, PaymentSucceeded)
        assert message.test
        assert (message.amount_minor, message.currency) == (AMOUNT_MINOR, "BRL")
    assert records[0].event_id != records[1].event_id
    assert messages[0].payment_id != messages[1].payment_id
    assert all(re.search(SAMPLE_PAYMENTS, message.payment_id) for message in messages)
    assert all(record.facts == () for record in records)


@pytest.mark.parametrize("gateway", GATEWAY_NAMES)
def test_a_gateway_without_the_test_mode_ignores_a_sample(gateway: GatewayName) -> None:
    document = received(gateway, "native").document()
    record = build_record(GATEWAYS[gateway], TENANT, document, NOW, accept=frozenset({"live"}))
    assert record.status == "ignored"
