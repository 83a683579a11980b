"""Dependencies that are away, slow or stopped: every webhook answered with 202 is stored, and no other is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import orjson
import pytest

from tests.integration.ingest.running import TENANT, Ingest, Published, open_another, running_ingest, stripe_signature
from tests.support.eventually import eventually
from tests.support.outbox import waiting_messages
from tests.support.tcp_proxy import TcpProxy, tcp_proxy
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration


def payment(number: int) -> bytes:
    event = stripe("charge.succeeded", payment_intent=f"pi_{number}")
    return orjson.dumps(event | {"id": f"evt_{number}"})


@asynccontextmanager
async def behind_proxy(dsn: str, published: Published | None = None) -> AsyncIterator[tuple[Ingest, TcpProxy]]:
    """Open an ingest that reaches PostgreSQL through a proxy; the test itself connects directly."""
    async with (
        running_ingest(dsn, published=published) as direct,
        tcp_proxy(dsn) as (proxy, through),
        open_another(through, direct) as ingest,
    ):
        yield ingest, proxy


async def test_webhooks_are_answered_503_without_postgres(postgres_dsn: str) -> None:
    async with behind_proxy(postgres_dsn) as (ingest, proxy):
        assert (await ingest.stripe(payment(0))).status == 202
        proxy.cut()
        refused = [await ingest.stripe(payment(number)) for number in range(1, 12)]
        assert {answer.status for answer in refused} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        assert refused[-1].body["code"] == "not_durable"
        async with ingest.session.get(f"{ingest.url}/readyz") as response:
            assert response.status == 503

        await proxy.restore()
        left = set(range(1, 12))

        async def all_are_accepted() -> bool:
            for number in list(left):
                if (await ingest.stripe(payment(number))).status in (200, 202):
                    left.discard(number)
            return not left

        await eventually(all_are_accepted)
        assert await ingest.rows("events") == 12
        await eventually(lambda: len(ingest.published.messages) == 12)


async def test_an_open_circuit_answers_at_once(postgres_dsn: str) -> None:
    async with behind_proxy(postgres_dsn) as (ingest, proxy):
        proxy.cut()
        await asyncio.gather(*(ingest.stripe(payment(number)) for number in range(20)))
        loop = asyncio.get_running_loop()
        started = loop.time()
        answers = await asyncio.gather(*(ingest.stripe(payment(number)) for number in range(100)))
        assert {answer.status for answer in answers} == {503}
        # It takes a fraction of a second. No request waits for the time-out of a connection.
        assert loop.time() - started < 20


async def test_the_circuit_opens_if_postgres_hangs(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped process, a dead host or a stalled disk gives neither an error nor an answer."""
    monkeypatch.setattr("orylo_ingest.webhooks.store.DEADLINE", timedelta(seconds=0.5))
    async with behind_proxy(postgres_dsn) as (ingest, proxy):
        assert (await ingest.stripe(payment(0))).status == 202
        proxy.stall()
        hanging = await asyncio.gather(*(ingest.stripe(payment(number)) for number in range(1, 21)))
        assert {answer.status for answer in hanging} == {503}
        assert {(await ingest.stripe(payment(number))).status for number in range(21, 121)} == {503}
        visit = {"kind": "pageview", "click_id": "oc_" + "a" * 22}
        async with ingest.session.post(f"{ingest.url}/api/v1/track/{TENANT}", json=visit) as response:
            assert response.status == 503
        async with ingest.session.get(f"{ingest.url}/readyz") as response:
            assert response.status == 503

        proxy.resume()

        async def all_are_accepted() -> bool:
            answers = [await ingest.stripe(payment(number)) for number in range(1, 21)]
            return {answer.status for answer in answers} <= {200, 202}

        await eventually(all_are_accepted)
        assert await ingest.rows("events") == 21
        await eventually(lambda: len(ingest.published.messages) == 21)


async def test_every_202_is_stored_once_if_the_connection_is_cut_under_load(postgres_dsn: str) -> None:
    async with behind_proxy(postgres_dsn) as (ingest, proxy):
        accepted: set[int] = set()

        async def send(numbers: range) -> None:
            for number in numbers:
                answer = await ingest.stripe(payment(number))
                if answer.status == 202:
                    accepted.add(number)

        sending = [asyncio.create_task(send(range(start, 600, 20))) for start in range(20)]
        await eventually(lambda: len(accepted) > 100)
        proxy.cut()
        await asyncio.gather(*sending)
        assert len(accepted) < 600
        stored = {
            row["gateway_event_id"] for row in await ingest.pool.fetch("SELECT gateway_event_id FROM ingest.events")
        }
        assert {f"evt_{number}" for number in accepted} <= stored

        await proxy.restore()
        left = set(range(600)) - accepted

        async def all_are_accepted() -> bool:
            for number in list(left):
                if (await ingest.stripe(payment(number))).status in (200, 202):
                    left.discard(number)
            return not left

        await eventually(all_are_accepted)
        assert await ingest.rows("events") == 600
        await eventually(lambda: len({m.event_id for m in ingest.published.messages}) == 600)  # type: ignore[attr-defined]


async def test_webhooks_are_accepted_without_a_bus_and_published_later(postgres_dsn: str) -> None:
    published = Published()
    published.away = True
    async with running_ingest(postgres_dsn, published=published) as ingest:
        answers = await asyncio.gather(*(ingest.stripe(payment(number)) for number in range(20)))
        assert {answer.status for answer in answers} == {202}
        assert len(await waiting_messages(ingest.pool, "ingest")) == 20

        async def is_ready_without_it() -> bool:
            async with ingest.session.get(f"{ingest.url}/readyz") as response:
                return response.status == 200 and (await response.json())["checks"]["broker"] != "ok"

        await eventually(is_ready_without_it)

        published.away = False
        await eventually(lambda: len(published.messages) == 20)


async def test_the_next_process_publishes_the_outbox_of_a_crashed_one(postgres_dsn: str) -> None:
    published = Published()
    published.away = True
    async with running_ingest(postgres_dsn, published=published) as ingest:
        await ingest.stripe(payment(1))
        published.away = False
        async with open_another(postgres_dsn, ingest):
            await eventually(lambda: len(published.messages) == 1)


async def test_a_stop_finishes_the_open_requests(postgres_dsn: str) -> None:
    async with running_ingest(postgres_dsn) as first:
        async with open_another(postgres_dsn, first) as ingest:
            sending = [asyncio.create_task(ingest.stripe(payment(number))) for number in range(50)]
            await eventually(lambda: any(task.done() for task in sending))
        answers = await asyncio.gather(*sending, return_exceptions=True)
        accepted = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert {answer.status for answer in accepted} == {202}
        assert await first.rows("events") >= len(accepted)
        assert len({m.event_id for m in first.published.messages}) >= len(accepted)  # type: ignore[attr-defined]


async def test_an_unfinished_body_is_answered_408(postgres_dsn: str) -> None:
    async with running_ingest(postgres_dsn, ORYLO_INGEST_BODY_TIMEOUT=0.2) as ingest:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(ingest.url.rpartition(":")[2]))
        head = f"Host: x\r\nContent-Length: 100\r\nStripe-Signature: {stripe_signature(b'')}\r\n\r\n{{"
        writer.write(f"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\n{head}".encode())
        assert (await asyncio.wait_for(reader.readline(), 45)).split()[1] == b"408"
        writer.close()


async def test_webhooks_beyond_the_waiting_limit_are_answered_503(postgres_dsn: str) -> None:
    async with (
        running_ingest(postgres_dsn, ORYLO_INGEST_MAX_WAITING=100) as ingest,
        ingest.pool.acquire() as connection,
    ):
        async with connection.transaction():
            await connection.execute("LOCK TABLE ingest.dedupe_registry")
            sending = [asyncio.create_task(ingest.stripe(payment(number))) for number in range(250)]
            await eventually(lambda: any(task.done() for task in sending))
            refused = [task.result() for task in sending if task.done()]
            assert {answer.status for answer in refused} == {503}
        answers = await asyncio.gather(*sending)
        accepted = [answer for answer in answers if answer.status == 202]
        # Half of those that may wait, as all are of one tenant.
        assert len(accepted) >= 50
        assert await ingest.rows("events") == len(accepted)
