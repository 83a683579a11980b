"""Rejected requests are published through the outbox, without their content."""

from collections.abc import AsyncIterator

import pytest

from orylo_common.messages import WebhookRejected
from tests.integration.ingest.running import Ingest, running_ingest, stripe_signature
from tests.support.eventually import eventually
from tests.unit.ingest.given import body_of

pytestmark = pytest.mark.integration

BODY = body_of("stripe/charge.succeeded.json")


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest


def published(ingest: Ingest) -> dict[tuple[str, str], list[WebhookRejected]]:
    rejections: dict[tuple[str, str], list[WebhookRejected]] = {}
    for message in ingest.published.messages:
        if isinstance(message, WebhookRejected):
            rejections.setdefault((message.gateway, message.code), []).append(message)
    return rejections


async def test_every_rejection_for_a_known_tenant_is_published_with_its_reason(ingest: Ingest) -> None:
    for _ in range(3):
        await ingest.stripe(BODY, secret="whsec_wrong")
    await ingest.stripe(b"no json")
    await ingest.post(b" " * (1024 * 1024 + 1))
    await ingest.post(BODY, headers={"Content-Encoding": "br"})
    await ingest.post(BODY, gateway="kiwify")
    await ingest.post(BODY, gateway="made-up")
    await ingest.post(BODY, tenant="nobody")

    await eventually(lambda: len(published(ingest)) == 6)
    await eventually(lambda: sum(each.count for each in published(ingest)["stripe", "signature_mismatch"]) == 3)
    statuses = {kind: {each.status for each in messages} for kind, messages in published(ingest).items()}
    assert statuses == {
        ("stripe", "signature_mismatch"): {401},
        ("stripe", "unreadable_body"): {400},
        ("stripe", "body_too_large"): {413},
        ("stripe", "unsupported_encoding"): {415},
        ("kiwify", "not_found"): {404},
        ("unknown", "not_found"): {404},
    }
    last = published(ingest)["stripe", "signature_mismatch"][-1]
    assert (last.remote, last.size) == ("127.0.0.1", len(BODY))
    assert "secrets set for this gateway" in last.reason
    assert not [message for message in ingest.published.messages if not isinstance(message, WebhookRejected)]


async def test_rejections_before_a_stop_are_published(postgres_dsn: str) -> None:
    async with running_ingest(postgres_dsn) as ingest:
        await ingest.post(BODY, headers={"Stripe-Signature": stripe_signature(BODY, "whsec_wrong")})
    assert ("stripe", "signature_mismatch") in published(ingest)
