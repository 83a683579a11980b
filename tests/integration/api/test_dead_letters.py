"""From a broker's dead-letter queue to the API, and back into the queue."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from prometheus_client import REGISTRY

from orylo_api.dead_letters import queries, settling
from orylo_api.dead_letters.models import DeadLetterQuery
from orylo_api.dead_letters.open_letters import measure_open
from orylo_api.errors import Conflict
from orylo_common.broker.ports import Delivery, Outgoing
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionFailed, ConversionRedriveRequested, PaymentSucceeded, decode, encode
from tests.integration.api.conftest import Api
from tests.support.eventually import eventually
from tests.unit.api.builders import conversion, payment

pytestmark = pytest.mark.integration

PATH = "/api/v1/dead-letters"


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    yield
    await api.pool.execute("DELETE FROM api.dead_letters")


async def die(broker: PostgresBroker, queue: str, body: bytes, kind: str, reason: str) -> None:
    """Dead-letter a message of `queue`."""
    await broker.redrive(queue, [Outgoing(uuid7(), kind, body)])
    subscription = await broker.subscribe(queue, prefetch=1)
    (delivery,) = await subscription.receive(1, timedelta(seconds=45))
    await subscription.dead_letter(delivery, reason)
    await subscription.close()


async def receive(broker: PostgresBroker, queue: str) -> Delivery:
    subscription = await broker.subscribe(queue, prefetch=1)
    (delivery,) = await subscription.receive(1, timedelta(seconds=45))
    await subscription.ack([delivery])
    await subscription.close()
    return delivery


async def listed(client: aiohttp.ClientSession, **query: str) -> list[dict[str, Any]]:
    async with client.get(PATH, params=query) as response:
        assert response.status == 200
        items: list[dict[str, Any]] = (await response.json())["items"]
        return items


async def settle(client: aiohttp.ClientSession, dead_id: object, what: str, **body: str) -> tuple[int, Any]:
    async with client.post(f"{PATH}/{dead_id}/{what}", json=body or None) as response:
        return response.status, await response.json()


async def until_listed(api: Api, count: int) -> None:
    async def there() -> bool:
        return bool(await api.pool.fetchval("SELECT count(*) = $1 FROM api.dead_letters", count))

    await eventually(there)


async def test_a_dead_message_is_shown_replayed_and_dies_again(api: Api, machine: aiohttp.ClientSession) -> None:
    message = payment(PaymentSucceeded, tenant_id=api.a.tenant.id)
    body = encode(message)
    await die(api.broker, "detector", body, message.type, "ZeroDivisionError")
    await until_listed(api, 1)

    (found,) = await listed(machine, source="detector", state="open")
    assert (found["source"], found["kind"], found["type"]) == ("detector", "message", "payment.succeeded.v1")
    assert (found["reason"], found["subject"], found["attempts"]) == ("ZeroDivisionError", message.payment_id, 1)
    async with machine.get(f"{PATH}/{found['id']}") as response:
        shown = await response.json()
    assert shown["payload"]["data"]["payment_id"] == message.payment_id
    assert shown["history"] == []

    status, replayed = await settle(machine, found["id"], "replay")
    assert (status, replayed["state"], replayed["settled_by"]) == (200, "replayed", "machine")
    assert (await receive(api.broker, "detector")).body == body
    assert (await settle(machine, found["id"], "replay"))[0] == 409
    assert (await settle(machine, found["id"], "discard", reason="late"))[0] == 409

    await die(api.broker, "detector", body, message.type, "ZeroDivisionError again")
    await until_listed(api, 2)
    (again,) = await listed(machine, state="open")
    async with machine.get(f"{PATH}/{again['id']}") as response:
        history = (await response.json())["history"]
    assert [(earlier["id"], earlier["state"]) for earlier in history] == [(found["id"], "replayed")]


async def test_unreadable_bytes_are_kept_too(api: Api) -> None:
    await die(api.broker, "trust", b"\x00\xff not json", "payment.succeeded.v1", "undecodable \x00 bytes"[:12])
    await until_listed(api, 1)

    row = await api.pool.fetchrow("SELECT * FROM api.dead_letters")
    assert row is not None
    assert (row["tenant_id"], row["source"], row["body"]) == (UUID(int=0), "trust", b"\x00\xff not json")


async def test_replaying_a_failed_conversion_requests_a_redrive(api: Api, machine: aiohttp.ClientSession) -> None:
    failed = conversion(ConversionFailed, tenant_id=api.a.tenant.id)
    await api.project(failed)
    (found,) = await listed(machine)
    assert (found["source"], found["kind"], found["code"]) == ("dispatch", "conversion", "190")

    assert (await settle(machine, found["id"], "replay"))[0] == 200

    asked = decode((await receive(api.broker, "dispatch")).body)
    assert isinstance(asked, ConversionRedriveRequested)
    assert (asked.conversion_id, asked.tenant_id) == (failed.conversion_id, api.a.tenant.id)


async def test_discarding_needs_a_reason_and_is_audited(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(conversion(ConversionFailed, tenant_id=api.a.tenant.id))
    (found,) = await listed(machine)

    assert (await settle(machine, found["id"], "discard", reason=""))[0] == 422
    status, discarded = await settle(machine, found["id"], "discard", reason="pixel deleted")

    assert (status, discarded["state"], discarded["settled_reason"]) == (200, "discarded", "pixel deleted")
    line = await api.pool.fetchrow("SELECT action, after FROM control.audit_log ORDER BY id DESC LIMIT 1")
    assert line is not None
    assert tuple(line) == ("dead_letter.discard", {"state": "discarded", "reason": "pixel deleted"})


async def test_the_command_line_settles_for_every_tenant(api: Api) -> None:
    """The same functions, on a connection that sees all tenants."""
    for shop in (api.a, api.b):
        await api.project(conversion(ConversionFailed, tenant_id=shop.tenant.id))
    async with api.projector.acquire() as connection, connection.transaction():
        items, _ = await queries.list_dead_letters(connection, DeadLetterQuery())
        assert len(items) == 2
        now = api.clock.now()
        await settling.discard(connection, items[0].id, actor="orylo dlq", reason="old", now=now)
        with pytest.raises(Conflict):
            await settling.replay(connection, api.broker, items[0].id, actor="orylo dlq", now=now)


async def test_a_published_message_reaches_the_read_models(api: Api, machine: aiohttp.ClientSession) -> None:
    """From the queue `api`, through the consumer, to a response."""
    message = payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id="stripe:pi_bus")
    await api.broker.publish([Outgoing(message.message_id, message.type, encode(message))])

    async def shown() -> bool:
        async with machine.get("/api/v1/payments/stripe:pi_bus") as response:
            return response.status == 200

    await eventually(shown)


async def test_open_letters_are_metrics_until_they_are_settled(api: Api) -> None:
    await die(api.broker, "trust", b"no message", "test.v1", "unreadable")
    await until_listed(api, 1)

    await measure_open(api.projector)
    assert REGISTRY.get_sample_value("orylo_api_dead_letters_open", {"source": "trust"}) == 1
    assert REGISTRY.get_sample_value("orylo_api_dead_letters_oldest_seconds", {"source": "trust"}) is not None

    await api.pool.execute("UPDATE api.dead_letters SET state = 'discarded'")
    await measure_open(api.projector)
    assert REGISTRY.get_sample_value("orylo_api_dead_letters_open", {"source": "trust"}) is None
