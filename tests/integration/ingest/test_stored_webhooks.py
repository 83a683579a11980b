"""The private port lists stored webhooks with their deliveries, and sends one through the pipeline again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from orylo_common.messages import Message, PaymentEnriched, PaymentSucceeded, WebhookReplayed
from orylo_common.postgres.pool import open_pool
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.port import UnprocessableEvent
from tests.integration.ingest.running import Ingest, running_ingest
from tests.support.eventually import eventually
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest


async def tenant_of(ingest: Ingest) -> UUID:
    tenant_id: UUID = await ingest.pool.fetchval("SELECT id FROM control.tenants")
    return tenant_id


async def get(ingest: Ingest, path: str, /, *, tenant: UUID | None = None, **query: Any) -> tuple[int, Any]:
    address = f"{ingest.private_url}/tenants/{tenant or await tenant_of(ingest)}/{path}"
    async with ingest.session.get(address, params=query) as response:
        return response.status, await response.json(content_type=None)


async def resend(ingest: Ingest, event_id: str) -> tuple[int, dict[str, Any]]:
    address = f"{ingest.private_url}/tenants/{await tenant_of(ingest)}/webhooks/{event_id}/resend"
    async with ingest.session.post(address) as response:
        return response.status, await response.json(content_type=None)


def published(ingest: Ingest, kind: type[Message]) -> list[Any]:
    return [message for message in ingest.published.messages if isinstance(message, kind)]


def charge(number: int, **fields: Any) -> bytes:
    event = stripe("charge.succeeded", id=f"ch_{number}", payment_intent=f"pi_{number}", **fields)
    return orjson.dumps({**event, "id": f"evt_{number}"})


async def accept(ingest: Ingest, number: int, **fields: Any) -> str:
    answer = await ingest.stripe(charge(number, **fields))
    assert answer.status in (200, 202)
    event_id: str = answer.body["event_id"]
    return event_id


async def test_pages_hold_every_webhook_once_newest_first(ingest: Ingest) -> None:
    ids = [await accept(ingest, number) for number in range(5)]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": "2"}
    while True:
        _, page = await get(ingest, "webhooks", **query)
        seen += [item["event_id"] for item in page["items"]]
        if page["reached"] is None:
            break
        query["after"] = ",".join(page["reached"])
    assert seen == ids[::-1]


async def test_filters_find_by_payment_type_state_gateway_and_time(ingest: Ingest) -> None:
    first = await accept(ingest, 1)
    await accept(ingest, 2)
    answer = await ingest.stripe(orjson.dumps({"id": "evt_plan", "object": "event", "type": "plan.created"}))
    ignored = answer.body["event_id"]

    async def found(**query: Any) -> list[str]:
        status, page = await get(ingest, "webhooks", **query)
        assert status == 200
        return [item["event_id"] for item in page["items"]]

    assert await found(payment_id="stripe:pi_1") == [first]
    assert await found(type="plan.created") == [ignored]
    assert await found(status="ignored") == [ignored]
    assert await found(gateway="hotmart") == []
    assert len(await found(gateway="stripe")) == 3
    assert await found(since="2999-01-01T00:00:00+00:00") == []
    assert len(await found(until="2999-01-01T00:00:00+00:00")) == 3


async def test_deliveries_and_conflicts_of_an_event_are_listed(ingest: Ingest) -> None:
    event_id = await accept(ingest, 1)
    for _ in range(3):
        await accept(ingest, 1)
    await accept(ingest, 1, amount=1, amount_captured=1)

    async def counted() -> bool:
        _, found = await get(ingest, f"webhooks/{event_id}")
        return bool(found["repeats"] == 3)

    await eventually(counted)
    _, found = await get(ingest, f"webhooks/{event_id}")
    assert found["status"] == "published"
    assert found["repeated_last_at"] >= found["repeated_first_at"] > found["created_at"]
    (conflict,) = found["conflicts"]
    _, other = await get(ingest, f"webhooks/{conflict['event_id']}")
    assert other["status"] == "conflict"
    _, page = await get(ingest, "webhooks", status="repeated")
    assert [item["event_id"] for item in page["items"]] == [event_id]


async def test_a_payload_is_the_scrubbed_copy(ingest: Ingest) -> None:
    event_id = await accept(ingest, 1)
    status, payload = await get(ingest, f"webhooks/{event_id}/payload")
    assert (status, payload["id"]) == (200, "evt_1")
    assert payload["data"]["object"]["billing_details"]["email"].startswith("sha256:")
    assert "orylo" not in payload


@pytest.mark.parametrize("path", ["webhooks/{id}", "webhooks/{id}/payload"])
async def test_another_tenant_does_not_find_a_webhook(ingest: Ingest, path: str) -> None:
    event_id = await accept(ingest, 1)
    status, _ = await get(ingest, path.format(id=event_id), tenant=uuid4())
    assert status == 404
    _, page = await get(ingest, "webhooks", tenant=uuid4())
    assert page["items"] == []


async def test_a_sale_that_is_resent_completes_its_payment_and_is_not_published_twice(ingest: Ingest) -> None:
    event_id = await accept(ingest, 1)
    for _ in range(2):
        status, outcome = await resend(ingest, event_id)
        assert (status, outcome["status"]) == (200, "already_reported")
        assert outcome["message_type"] == "payment.enriched.v1"
    await eventually(lambda: len(published(ingest, PaymentEnriched)) == 2)
    (sale,) = published(ingest, PaymentSucceeded)
    for enriched in published(ingest, PaymentEnriched):
        assert (enriched.payment_id, enriched.customer_id) == (sale.payment_id, sale.customer_id)
        assert enriched.message_id != sale.message_id
    _, found = await get(ingest, f"webhooks/{event_id}")
    assert (found["status"], found["message_type"]) == ("published", "payment.succeeded.v1")


@pytest.mark.parametrize("event_type", ["charge.failed", "payment_intent.canceled"])
async def test_a_fact_that_is_not_a_sale_is_not_repeated(ingest: Ingest, event_type: str) -> None:
    answer = await ingest.stripe(orjson.dumps(stripe(event_type)))
    await eventually(lambda: len(ingest.published.messages) == 1)
    status, outcome = await resend(ingest, answer.body["event_id"])
    assert (status, outcome) == (200, {"status": "already_reported", "message_type": None, "reason": None})
    assert len(ingest.published.messages) == 1


async def test_a_webhook_of_a_mode_that_is_accepted_now_is_published_once(ingest: Ingest) -> None:
    await ingest.configure(accept=frozenset({"live"}))
    numbers = count()
    event = b""

    # Until ingest has read the setting, events of the test mode are published.
    async def ignores() -> bool:
        nonlocal event
        event = orjson.dumps({**orjson.loads(charge(next(numbers))), "livemode": False})
        await ingest.stripe(event)
        _, page = await get(ingest, "webhooks", status="ignored")
        return len(page["items"]) == 1

    await eventually(ignores)
    _, page = await get(ingest, "webhooks", status="ignored")
    event_id = page["items"][0]["event_id"]
    _, outcome = await resend(ingest, event_id)
    assert outcome["status"] == "ignored"

    await ingest.configure()

    async def is_published() -> bool:
        _, outcome = await resend(ingest, event_id)
        return bool(outcome["status"] == "published")

    await eventually(is_published)
    _, found = await get(ingest, f"webhooks/{event_id}")
    assert (found["status"], found["message_type"]) == ("published", "payment.succeeded.v1")
    # The gateway sends it again, under the id that it would have had.
    assert (await ingest.stripe(event)).status == 202
    payment = found["payment_id"]
    await eventually(lambda: any(each.payment_id == payment for each in published(ingest, PaymentEnriched)))
    assert [each.payment_id for each in published(ingest, PaymentSucceeded)].count(payment) == 1


async def test_a_quarantined_webhook_that_is_resent_is_reported_to_quarantine(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def normalise(self: Any, document: Any, received_at: Any, zone: Any) -> Any:
        raise UnprocessableEvent("unknown type")

    with monkeypatch.context() as broken:
        broken.setattr(type(GATEWAYS["stripe"]), "normalise", normalise)
        event_id = await accept(ingest, 1)
    status, outcome = await resend(ingest, event_id)
    assert (status, outcome["status"], outcome["message_type"]) == (200, "published", "payment.succeeded.v1")
    await eventually(lambda: len(published(ingest, WebhookReplayed)) == 1)
    assert len(published(ingest, PaymentSucceeded)) == 1


async def test_a_conflict_and_an_unknown_webhook_cannot_be_resent(ingest: Ingest) -> None:
    await accept(ingest, 1)
    await accept(ingest, 1, amount=1, amount_captured=1)
    _, page = await get(ingest, "webhooks", status="conflict")
    assert (await resend(ingest, page["items"][0]["event_id"]))[0] == 409
    assert (await resend(ingest, str(uuid4())))[0] == 404
    assert (await resend(ingest, "not-an-id"))[0] == 400


async def test_an_erased_webhook_is_recognised_and_not_used_again(ingest: Ingest, postgres_dsn: str) -> None:
    erased, kept = await accept(ingest, 31), await accept(ingest, 32)
    tenant_id = await tenant_of(ingest)
    async with (
        open_pool(postgres_dsn, role="orylo_api", max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        await connection.execute("SELECT set_config('orylo.tenant_id', $1, true)", str(tenant_id))
        statement = "SELECT kind, erased FROM ingest.erase_person('{}', '{stripe:pi_31}')"
        assert {row["kind"]: row["erased"] for row in await connection.fetch(statement)} == {
            "webhooks": 1,
            "match_keys": 0,
        }

    assert await get(ingest, f"webhooks/{erased}/payload") == (200, {})
    assert (await resend(ingest, erased))[0] == 404
    assert (await resend(ingest, kept))[0] == 200
    assert await accept(ingest, 31) == erased
    assert [each.subject for each in ingest.published.messages].count("stripe:pi_31") == 1
    received = "SELECT min(created_at) FROM ingest.events WHERE payment_id = 'stripe:pi_31'"
    before = (await ingest.pool.fetchval(received) - timedelta(microseconds=1)).isoformat()
    _, page = await get(ingest, "messages", after=f"{before},{UUID(int=0)}")
    again = {item["data"]["payment_id"] for item in page["items"]}
    assert ("stripe:pi_31" in again, "stripe:pi_32" in again) == (False, True)


async def test_webhooks_are_counted_by_outcome_and_hour(ingest: Ingest) -> None:
    await accept(ingest, 1)
    await accept(ingest, 1)
    await accept(ingest, 1, amount=1, amount_captured=1)
    await ingest.stripe(orjson.dumps({"id": "evt_plan", "object": "event", "type": "plan.created"}))
    await ingest.stripe(charge(2), secret="another")

    expected = {"accepted": 1, "duplicate": 1, "conflict": 1, "ignored": 1, "rejected": 1}

    async def counted() -> bool:
        _, activity = await get(ingest, "gateways")
        return bool(activity["items"] and activity["items"][0]["counts"] == expected)

    await eventually(counted)
    _, activity = await get(ingest, "gateways")
    (stripe_,) = activity["items"]
    assert stripe_["last_at"] is not None
    assert (stripe_["usual_gap_s"], stripe_["silent_since"]) == (None, None)
    span: dict[str, Any] = {"since": "2020-01-01T00:00:00+00:00", "until": "2999-01-01T00:00:00+00:00"}
    _, hours = await get(ingest, "gateways/stripe/hours", **span)
    assert [sum(hour["counts"].values()) for hour in hours["items"]] == [5] or len(hours["items"]) == 2
