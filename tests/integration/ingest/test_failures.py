"""What happens when something is away, slow or stopped: what was answered with 202 is there, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import orjson
import pytest

from tests.integration.ingest.running import Ingest, Published, open_another, running_ingest, stripe_signature
from tests.support.eventually import eventually
from tests.support.servers import free_ports
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration


def payment(number: int) -> bytes:
    event = stripe("charge.succeeded", payment_intent=f"pi_{number}")
    return orjson.dumps(event | {"id": f"evt_{number}"})


class Cable:
    """A way to PostgreSQL that can be cut."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        (self.port,) = free_ports(1)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)

    def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        self._writers |= {writer, back}
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)


@asynccontextmanager
async def behind_a_cable(dsn: str, published: Published | None = None) -> AsyncIterator[tuple[Ingest, Cable]]:
    """An ingest whose PostgreSQL can go away, while the test keeps its own way in."""
    parts = urlsplit(dsn)
    cable = Cable(parts.hostname or "127.0.0.1", parts.port or 5432)
    await cable.mend()
    host = parts.netloc.rpartition("@")[0] + f"@127.0.0.1:{cable.port}"
    async with running_ingest(dsn, published=published) as direct:
        try:
            async with open_another(urlunsplit(parts._replace(netloc=host)), direct) as ingest:
                yield ingest, cable
        finally:
            cable.cut()


async def test_without_postgres_webhooks_are_asked_to_come_again(postgres_dsn: str) -> None:
    async with behind_a_cable(postgres_dsn) as (ingest, cable):
        assert (await ingest.stripe(payment(0))).status == 202
        cable.cut()
        refused = [await ingest.stripe(payment(number)) for number in range(1, 12)]
        assert {answer.status for answer in refused} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        assert refused[-1].body["code"] == "not_durable"
        async with ingest.session.get(f"{ingest.url}/readyz") as response:
            assert response.status == 503

        await cable.mend()
        left = set(range(1, 12))

        async def all_are_taken() -> bool:
            for number in list(left):
                if (await ingest.stripe(payment(number))).status in (200, 202):
                    left.discard(number)
            return not left

        await eventually(all_are_taken)
        assert await ingest.rows("events") == 12
        await eventually(lambda: len(ingest.published.messages) == 12)


async def test_an_open_circuit_answers_at_once(postgres_dsn: str) -> None:
    async with behind_a_cable(postgres_dsn) as (ingest, cable):
        cable.cut()
        await asyncio.gather(*(ingest.stripe(payment(number)) for number in range(20)))
        loop = asyncio.get_running_loop()
        started = loop.time()
        answers = await asyncio.gather(*(ingest.stripe(payment(number)) for number in range(100)))
        assert {answer.status for answer in answers} == {503}
        assert loop.time() - started < 1


async def test_cut_under_load_every_202_is_in_the_database_once(postgres_dsn: str) -> None:
    async with behind_a_cable(postgres_dsn) as (ingest, cable):
        taken: set[int] = set()

        async def send(numbers: range) -> None:
            for number in numbers:
                answer = await ingest.stripe(payment(number))
                if answer.status == 202:
                    taken.add(number)

        sending = [asyncio.create_task(send(range(start, 600, 20))) for start in range(20)]
        await eventually(lambda: len(taken) > 100)
        cable.cut()
        await asyncio.gather(*sending)
        assert len(taken) < 600
        stored = {
            row["gateway_event_id"] for row in await ingest.pool.fetch("SELECT gateway_event_id FROM ingest.events")
        }
        assert {f"evt_{number}" for number in taken} <= stored

        await cable.mend()
        left = set(range(600)) - taken

        async def all_are_taken() -> bool:
            for number in list(left):
                if (await ingest.stripe(payment(number))).status in (200, 202):
                    left.discard(number)
            return not left

        await eventually(all_are_taken)
        assert await ingest.rows("events") == 600
        await eventually(lambda: len({m.event_id for m in ingest.published.messages}) == 600)  # type: ignore[attr-defined]


async def test_without_a_bus_webhooks_are_taken_and_told_later(postgres_dsn: str) -> None:
    published = Published()
    published.away = True
    async with running_ingest(postgres_dsn, published=published) as ingest:
        answers = await asyncio.gather(*(ingest.stripe(payment(number)) for number in range(20)))
        assert {answer.status for answer in answers} == {202}
        assert await ingest.rows("outbox") == 20
        async with ingest.session.get(f"{ingest.url}/readyz") as response:
            checks = (await response.json())["checks"]
            assert response.status == 200
        assert checks["broker"] != "ok"

        published.away = False
        await eventually(lambda: len(published.messages) == 20)


async def test_what_a_crash_left_behind_is_published_by_the_next_process(postgres_dsn: str) -> None:
    published = Published()
    published.away = True
    async with running_ingest(postgres_dsn, published=published) as ingest:
        await ingest.stripe(payment(1))
        published.away = False
        async with open_another(postgres_dsn, ingest):
            await eventually(lambda: len(published.messages) == 1)


async def test_a_stop_finishes_what_is_in_hand(postgres_dsn: str) -> None:
    async with running_ingest(postgres_dsn) as first:
        async with open_another(postgres_dsn, first) as ingest:
            sending = [asyncio.create_task(ingest.stripe(payment(number))) for number in range(50)]
            await eventually(lambda: any(task.done() for task in sending))
        answers = await asyncio.gather(*sending, return_exceptions=True)
        taken = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert {answer.status for answer in taken} == {202}
        assert await first.rows("events") >= len(taken)
        assert len({m.event_id for m in first.published.messages}) >= len(taken)  # type: ignore[attr-defined]


async def test_a_sender_that_does_not_finish_is_let_go(postgres_dsn: str) -> None:
    async with running_ingest(postgres_dsn, ORYLO_INGEST_BODY_TIMEOUT=0.2) as ingest:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(ingest.url.rpartition(":")[2]))
        head = f"Host: x\r\nContent-Length: 100\r\nStripe-Signature: {stripe_signature(b'')}\r\n\r\n{{"
        writer.write(f"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\n{head}".encode())
        assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] == b"408"
        writer.close()


async def test_more_than_can_wait_is_asked_to_come_again(postgres_dsn: str) -> None:
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
        taken = [answer for answer in answers if answer.status == 202]
        assert len(taken) >= 100
        assert await ingest.rows("events") == len(taken)
