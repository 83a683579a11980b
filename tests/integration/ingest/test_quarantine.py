"""Quarantined webhooks are published with a scrubbed copy, and replayed once an adapter understands them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import (
    Message,
    PaymentSucceeded,
    WebhookQuarantined,
    WebhookReplayed,
    WebhookReplayRequested,
    encode,
)
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.port import UnprocessableEvent
from tests.integration.ingest.running import Ingest, running_ingest
from tests.support.eventually import eventually
from tests.unit.ingest.given import body_of, stripe

pytestmark = pytest.mark.integration


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest


@pytest.fixture
def broken_adapter(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Make Stripe's adapter reject every event until the patch is undone."""

    def normalise(self: Any, document: Any, received_at: Any, zone: Any) -> Any:
        raise UnprocessableEvent("unknown type")

    monkeypatch.setattr(type(GATEWAYS["stripe"]), "normalise", normalise)
    return monkeypatch


def published(ingest: Ingest, kind: type[Message]) -> list[Any]:
    return [message for message in ingest.published.messages if isinstance(message, kind)]


async def ask_for_replay(ingest: Ingest, event_id: str) -> WebhookReplayRequested:
    tenant_id = await ingest.pool.fetchval("SELECT id FROM control.tenants")
    message_id = uuid7()
    request = WebhookReplayRequested(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=datetime.now(UTC),
        event_id=event_id,
        actor="somebody",
    )
    await ingest.published.incoming.redrive("ingest", [Outgoing(message_id, request.type, encode(request))])
    return request


async def test_a_quarantined_webhook_is_published_with_its_scrubbed_copy(
    ingest: Ingest, broken_adapter: pytest.MonkeyPatch
) -> None:
    answer = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))
    assert answer.status == 202

    await eventually(lambda: len(published(ingest, WebhookQuarantined)) == 1)
    (message,) = published(ingest, WebhookQuarantined)
    assert (message.event_id, message.kind) == (answer.body["event_id"], "quarantined")
    assert (message.gateway, message.gateway_event_type) == ("stripe", "charge.succeeded")
    assert message.reason == "unknown type"
    assert message.payload["data"]["object"]["billing_details"]["email"].startswith("sha256:")
    assert 500 < message.payload_bytes < 64 * 1024
    (row,) = await ingest.pool.fetch("SELECT status, message_type FROM ingest.events")
    assert tuple(row) == ("quarantined", None)


async def test_a_large_payload_is_not_published(ingest: Ingest, broken_adapter: pytest.MonkeyPatch) -> None:
    many = [{"name": "x" * 500} for _ in range(200)]
    await ingest.stripe(orjson.dumps(stripe("charge.succeeded", lines=many)))
    await eventually(lambda: len(published(ingest, WebhookQuarantined)) == 1)
    (message,) = published(ingest, WebhookQuarantined)
    assert message.payload is None
    assert message.payload_bytes > 64 * 1024


async def test_a_conflict_is_reported_once(ingest: Ingest) -> None:
    first = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))
    for _ in range(3):
        await ingest.stripe(orjson.dumps(stripe("charge.succeeded", amount=1, amount_captured=1)))
    await ingest.stripe(orjson.dumps(stripe("charge.succeeded", amount=2, amount_captured=2)))

    await eventually(lambda: len(published(ingest, WebhookQuarantined)) == 2)
    for message in published(ingest, WebhookQuarantined):
        assert message.kind == "conflict"
        assert first.body["event_id"] in message.reason
        assert message.event_id != first.body["event_id"]
    assert {message.payload["data"]["object"]["amount"] for message in published(ingest, WebhookQuarantined)} == {1, 2}


async def test_repeated_replays_after_a_fix_publish_one_payment(
    ingest: Ingest, broken_adapter: pytest.MonkeyPatch
) -> None:
    answer = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))
    event_id = answer.body["event_id"]
    asked = await ask_for_replay(ingest, event_id)
    await eventually(lambda: len(published(ingest, WebhookReplayed)) == 1)
    (still,) = published(ingest, WebhookReplayed)
    assert (still.status, still.reason, still.causation_id) == (
        "quarantined",
        "unknown type",
        asked.message_id,
    )

    broken_adapter.undo()
    for _ in range(5):
        await ask_for_replay(ingest, event_id)
    await eventually(lambda: len(published(ingest, PaymentSucceeded)) == 1)
    await eventually(lambda: all_are_handled(ingest))

    (payment,) = published(ingest, PaymentSucceeded)
    assert payment.event_id == event_id
    assert payment.payment_id == "stripe:pi_3TstExampleCard0001"
    (after,) = published(ingest, WebhookReplayed)[1:]
    assert (after.status, after.message_type, after.event_id) == ("published", "payment.succeeded.v1", event_id)
    (row,) = await ingest.pool.fetch("SELECT event_id, status, message_type, reason, payment_id FROM ingest.events")
    assert tuple(row) == (UUID(event_id), "published", "payment.succeeded.v1", None, payment.payment_id)
    again = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))
    assert (again.status, again.body["status"]) == (200, "duplicate")


async def test_a_fact_reported_meanwhile_is_not_published_again(
    ingest: Ingest, broken_adapter: pytest.MonkeyPatch
) -> None:
    answer = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))
    broken_adapter.undo()
    await ingest.stripe(orjson.dumps(stripe("payment_intent.succeeded")))
    await ask_for_replay(ingest, answer.body["event_id"])

    await eventually(lambda: len(published(ingest, WebhookReplayed)) == 1)
    assert published(ingest, WebhookReplayed)[0].status == "already_reported"
    await eventually(lambda: all_are_handled(ingest))
    assert len(published(ingest, PaymentSucceeded)) == 1


async def test_a_replay_of_a_webhook_outside_quarantine_is_ignored(ingest: Ingest) -> None:
    answer = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))
    await eventually(lambda: len(published(ingest, PaymentSucceeded)) == 1)
    await ask_for_replay(ingest, answer.body["event_id"])
    await ask_for_replay(ingest, str(uuid7()))
    await eventually(lambda: all_are_handled(ingest))
    assert not published(ingest, WebhookReplayed)
    assert len(published(ingest, PaymentSucceeded)) == 1


async def all_are_handled(ingest: Ingest) -> bool:
    return ingest.published.incoming.is_settled("ingest") and await ingest.rows("outbox") == 0


@pytest.mark.parametrize("at_once", [True, False])
async def test_times_are_read_in_the_gateways_configured_zone(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    def normalise(self: Any, document: Any, received_at: Any, zone: Any) -> Any:
        raise UnprocessableEvent("unknown type")

    if not at_once:
        monkeypatch.setattr(type(GATEWAYS["perfectpay"]), "normalise", normalise)
    await ingest.configure("perfectpay", secrets=("pp-fixture-token-not-a-secret-01",), timezone="UTC")
    body = body_of("perfectpay/approved_card.json")

    async def is_accepted() -> bool:
        return (await ingest.post(body, gateway="perfectpay")).status == 202

    await eventually(is_accepted)
    monkeypatch.undo()
    if not at_once:
        await ask_for_replay(ingest, str(await ingest.pool.fetchval("SELECT event_id FROM ingest.events")))

    await eventually(lambda: len(published(ingest, PaymentSucceeded)) == 1)
    approved = datetime.fromisoformat(orjson.loads(body)["date_approved"])
    assert published(ingest, PaymentSucceeded)[0].occurred_at == approved.replace(tzinfo=UTC)
