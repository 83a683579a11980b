"""The stream: in order, resumable on any replica, and slow clients do not delay others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import orjson
import pytest

from orylo_api import app
from orylo_api.conversions.models import Conversion
from orylo_api.customers.models import TrustChange
from orylo_api.dead_letters.models import DeadLetterSummary
from orylo_api.detections.models import Detection
from orylo_api.http.fields import ResponseBody
from orylo_api.projection.retention import delete_stream_events
from orylo_api.stream import endpoints as endpoint
from orylo_api.stream import hub as stream_hub
from orylo_api.stream.hub import open_stream
from orylo_api.stream.subscription import CLIENT_BUFFER, StreamEnded
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionDispatched, ConversionFailed
from tests.integration.api.conftest import Api, running_api
from tests.support.eventually import eventually
from tests.support.listening import listeners
from tests.unit.api.builders import conversion, detection, trust_updated

pytestmark = pytest.mark.integration

PATH = "/api/v1/stream"


@dataclass(frozen=True)
class Event:
    id: str
    type: str
    data: dict[str, Any]


class Reader:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> Event:
        """Return the next event that is not a heartbeat: a slow machine may need longer than one takes."""
        while (event := await self.next_of_any_type()).type == "heartbeat":
            pass
        return event

    async def next_of_any_type(self) -> Event:
        fields: dict[str, str] = {}
        async with asyncio.timeout(45):
            while line := (await self._response.content.readline()).decode():
                name, _, value = line.strip().partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    return Event(fields.get("id", ""), fields["event"], orjson.loads(fields["data"]))
        raise EOFError

    async def take(self, count: int) -> list[Event]:
        return [await self.next() for _ in range(count)]


@asynccontextmanager
async def listening(
    client: aiohttp.ClientSession, url: str = "", *, after: str | None = None, by_header: bool = True
) -> AsyncIterator[Reader]:
    headers = {"Last-Event-ID": after} if after and by_header else {}
    query = {"last_event_id": after} if after and not by_header else {}
    async with client.get(url + PATH, headers=headers, params=query) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        yield Reader(response)


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


def trust(api: Api, version: int, customer: str = "cus_stream") -> Any:
    return trust_updated(tenant_id=api.a.tenant.id, customer_id=customer, version=version)


async def test_stream_events_carry_what_the_api_returns(api: Api, machine: aiohttp.ClientSession) -> None:
    async with listening(machine) as reader:
        assert (await reader.next()).type == "ready"
        made = detection(tenant_id=api.a.tenant.id)
        sent = conversion(ConversionDispatched, tenant_id=api.a.tenant.id)
        await api.project(made, trust(api, 1), sent, conversion(ConversionFailed, tenant_id=api.a.tenant.id))
        events = await reader.take(5)

    models: dict[str, type[ResponseBody]] = {
        "detection.created": Detection,
        "trust.updated": TrustChange,
        "conversion.dispatched": Conversion,
        "conversion.failed": Conversion,
        "dead_letter.created": DeadLetterSummary,
    }
    assert [event.type for event in events] == list(models)
    for event in events:
        assert set(event.data) == set(models[event.type].model_fields)
        models[event.type].model_validate(event.data)
    for event, path in ((events[0], "detections"), (events[2], "conversions"), (events[4], "dead-letters")):
        async with machine.get(f"/api/v1/{path}/{event.data['id']}") as response:
            answer = await response.json()
            assert {name: answer[name] for name in event.data} == event.data


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_client_resumes_after_its_last_event(api: Api, machine: aiohttp.ClientSession, by_header: bool) -> None:
    async with listening(machine) as reader:
        await reader.next()
        await api.project(*(trust(api, version, f"cus_{by_header}") for version in range(1, 5)))
        second = (await reader.take(2))[1]
    await api.project(trust(api, 5, f"cus_{by_header}"), trust(api, 6, f"cus_{by_header}"))

    async with listening(machine, after=second.id, by_header=by_header) as reader:
        missed = await reader.take(4)
        await api.project(trust(api, 7, f"cus_{by_header}"))
        live = await reader.next()

    assert [event.data["version"] for event in [*missed, live]] == [3, 4, 5, 6, 7]


async def test_a_stream_resumes_at_another_replica(api: Api, machine: aiohttp.ClientSession, postgres_dsn: str) -> None:
    async with running_api(postgres_dsn) as (other, _, _):
        async with listening(machine) as here, listening(machine, other) as there:
            await here.next()
            await there.next()
            await api.project(trust(api, 1, "cus_replicas"))
            first = await here.next()
            assert await there.next() == first
        await api.project(trust(api, 2, "cus_replicas"))
        async with listening(machine, other, after=first.id) as reader:
            assert (await reader.next()).data["version"] == 2


async def test_no_event_is_missed_or_repeated_under_load_and_reconnects(
    api: Api, machine: aiohttp.ClientSession, postgres_dsn: str
) -> None:
    """Four writers commit in any order while the reader alternates between replicas."""
    total = 400

    async def writer(number: int) -> None:
        for version in range(number, total + 1, 4):
            await api.project(trust(api, version or total, "cus_load"))

    seen: list[int] = []
    async with running_api(postgres_dsn) as (other, _, _):
        async with listening(machine) as reader:
            last = (await reader.next()).id
        writers = asyncio.gather(*(writer(number) for number in range(1, 5)))
        for hop in range(1000):
            async with listening(machine, ("", other)[hop % 2], after=last) as reader:
                for _ in range(13):
                    if len(seen) == total:
                        break
                    event = await reader.next()
                    assert event.type == "trust.updated"
                    seen.append(event.data["version"])
                    last = event.id
            if len(seen) == total:
                break
        await writers

    assert sorted(seen) == list(range(1, total + 1))


@pytest.mark.parametrize("event_id", ["0.0", "999999999.0"])
async def test_a_client_away_for_too_long_gets_a_reset(api: Api, machine: aiohttp.ClientSession, event_id: str) -> None:
    for version in range(1, 4):
        await api.project(trust(api, version, "cus_reset"))
    await api.pool.execute("DELETE FROM api.stream_events WHERE id < (SELECT max(id) FROM api.stream_events)")

    async with listening(machine, after=event_id) as reader:
        assert (await reader.next()).type == "reset"
        await api.project(trust(api, 4 + int(event_id[0]), "cus_reset"))
        assert (await reader.next()).data["customer_id"] == "cus_reset"


@pytest.mark.parametrize("event_id", ["x", "1", "1.2.3", "-1.0", "9" * 30 + ".0", "\udcff", "１.0"])
async def test_an_invalid_last_event_id_is_refused(api: Api, machine: aiohttp.ClientSession, event_id: str) -> None:
    raw = event_id.encode("utf-8", "surrogateescape").decode("latin-1")
    async with machine.get(PATH, headers={"Last-Event-ID": raw}) as response:
        assert response.status == 422


async def test_a_slow_client_is_disconnected_and_others_are_not(api: Api) -> None:
    async with (
        open_stream(api.projector) as hub,
        hub.subscribe(api.a.tenant.id, uuid7()) as slow,
        hub.subscribe(api.a.tenant.id, uuid7()) as quick,
    ):
        received = 0
        for version in range(1, CLIENT_BUFFER + 20):
            await api.project(trust(api, version, "cus_slow"))
            await asyncio.wait_for(quick.next(), 45)
            received += 1
        assert received == CLIENT_BUFFER + 19
        with pytest.raises(StreamEnded):
            await slow.next()


async def test_a_stream_survives_a_cut_connection_to_the_database(api: Api, machine: aiohttp.ClientSession) -> None:
    async with listening(machine) as reader:
        await reader.next()
        await api.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%orylo_api_stream%'"
        )
        await api.project(trust(api, 1, "cus_cut"))
        assert (await reader.next()).data["customer_id"] == "cus_cut"


async def test_a_stopping_replica_ends_its_streams_at_once(
    api: Api, machine: aiohttp.ClientSession, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A stop that waited for a heartbeat, or for connections to close, would take an hour.
    monkeypatch.setattr(endpoint, "HEARTBEAT", timedelta(hours=1))
    monkeypatch.setattr(app, "SHUTDOWN", timedelta(hours=1))
    async with asyncio.timeout(60):
        async with running_api(postgres_dsn) as (url, _, _):
            response = await machine.get(url + PATH)
            await response.content.readline()
        assert b"event: ready" in await response.content.read()


async def test_a_quiet_stream_sends_heartbeats_that_move_no_position(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "HEARTBEAT", timedelta(milliseconds=50))
    async with listening(machine) as reader:
        assert (await reader.next()).type == "ready"
        heartbeats = [await reader.next_of_any_type() for _ in range(2)]
    assert [(event.type, event.id) for event in heartbeats] == [("heartbeat", "")] * 2


async def test_signing_out_ends_the_stream(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "CHECK_EVERY", timedelta(milliseconds=100))
    monkeypatch.setattr(endpoint, "HEARTBEAT", timedelta(milliseconds=200))
    browser = await api.sign_in(api.a)
    async with listening(browser) as reader:
        await reader.next()
        await api.pool.execute("UPDATE api.sessions SET revoked_at = now()")
        with pytest.raises(EOFError):
            await reader.next()


async def test_a_stream_holds_no_connection_to_the_database(api: Api, machine: aiohttp.ClientSession) -> None:
    streams = [await machine.get(PATH) for _ in range(30)]
    try:
        async with machine.get("/api/v1/detections") as response:
            assert response.status == 200
        metrics = await (await machine.get("/metrics")).text()
        assert "orylo_api_sse_clients 3" in metrics
    finally:
        for stream in streams:
            stream.close()


async def test_old_events_are_deleted_except_the_newest(api: Api) -> None:
    await api.project(trust(api, 1, "cus_old"))
    await api.project(trust(api, 2, "cus_old"))
    await api.pool.execute("UPDATE api.stream_events SET created_at = now() - interval '1 hour'")

    async with api.projector.acquire() as connection, connection.transaction():
        await delete_stream_events(connection)

    assert await api.pool.fetchval("SELECT count(*) FROM api.stream_events") == 1


async def test_rows_become_visible_in_the_order_of_their_ids(api: Api) -> None:
    """A row that is written first and committed last must not get a lower id than rows visible before it."""
    await api.pool.execute("DELETE FROM api.stream_events")
    async with api.projector.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute("SELECT api.add_stream_events($1, $2)", [api.a.tenant.id], [b"first"])
        quick = asyncio.create_task(
            api.projector.execute("SELECT api.add_stream_events($1, $2)", [api.a.tenant.id], [b"second"])
        )
        await eventually(
            lambda: api.pool.fetchval(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
            )
        )
        assert await api.pool.fetchval("SELECT count(*) FROM api.stream_events") == 0
        await transaction.commit()
        await quick
    rows = await api.pool.fetch("SELECT events FROM api.stream_events ORDER BY id")
    assert [row["events"] for row in rows] == [b"first", b"second"]


async def test_the_hub_closes_at_once_even_if_a_notification_arrives_at_that_moment(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify = listeners(monkeypatch)
    async with asyncio.timeout(45):
        async with open_stream(api.projector):
            await eventually(lambda: len(notify) == 1)
            # It has read the new rows and waits.
            await asyncio.sleep(0.3)
            notify[0]()


async def test_one_key_opens_a_limited_number_of_streams(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_hub, "MAX_STREAMS", 2)
    # A key of its own: streams of earlier tests may still be closing.
    client = api.client((await api.user(api.a, Role.VIEWER, "streams@shop.example")).bearer)
    async with listening(client) as first, listening(client):
        await first.next()
        async with client.get(PATH) as response:
            assert response.status == 429
            assert (await response.json())["code"] == "too_many_streams"
            assert int(response.headers["Retry-After"]) > 0

    async def is_open() -> bool:
        async with client.get(PATH) as response:
            return response.status == 200

    await eventually(is_open)
