"""The stream: in order, resumable on any replica, and slow clients do not delay others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import orjson
import pytest

from orylo_api import app
from orylo_api.conversions.models import Conversion
from orylo_api.customers.models import CustomerSeen, TrustChange
from orylo_api.dead_letters.models import DeadLetterSummary
from orylo_api.destinations.models import DestinationList
from orylo_api.detections.models import Detection
from orylo_api.http.fields import ResponseBody
from orylo_api.http.tenancy import tenant_transaction
from orylo_api.overview.models import Overview, OverviewUpdate
from orylo_api.overview.queries import read_overview
from orylo_api.projection.retention import delete_stream_events
from orylo_api.read_models.stream_events import encode_event, write_stream_events
from orylo_api.stream import endpoints as endpoint
from orylo_api.stream import hub as stream_hub
from orylo_api.stream import overview as stream_overview
from orylo_api.stream import pace as stream_pace
from orylo_api.stream.events import Position
from orylo_api.stream.hub import StreamHub, open_stream
from orylo_api.stream.subscription import CLIENT_BUFFER, StreamEnded
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import (
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    ConversionSuppressed,
    Decision,
    PaymentSucceeded,
)
from tests.integration.api.conftest import Api, running_api
from tests.support.eventually import eventually
from tests.support.listening import listeners
from tests.support.tcp_proxy import tcp_proxy
from tests.unit.api.builders import conversion, detection, payment, trust_updated

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
        others = [
            conversion(kind, tenant_id=api.a.tenant.id, conversion_id=uuid7())
            for kind in (ConversionMatched, ConversionSuppressed, ConversionFailed)
        ]
        await api.project(made, trust(api, 1), sent, *others)
        events = await reader.take(8)

    models: dict[str, type[ResponseBody]] = {
        "detection.created": Detection,
        "trust.updated": TrustChange,
        "conversion.dispatched": Conversion,
        "conversion.matched": Conversion,
        "conversion.suppressed": Conversion,
        "conversion.failed": Conversion,
        "dead_letter.created": DeadLetterSummary,
        "customer.seen": CustomerSeen,
    }
    assert [event.type for event in events] == list(models)
    for event in events:
        assert set(event.data) == set(models[event.type].model_fields)
        models[event.type].model_validate(event.data)
    paths = {
        "detection.created": "detections",
        "dead_letter.created": "dead-letters",
        **{event.type: "conversions" for event in events if event.type.startswith("conversion.")},
    }
    for event in events:
        if path := paths.get(event.type):
            async with machine.get(f"/api/v1/{path}/{event.data['id']}") as response:
                answer = await response.json()
                assert {name: answer[name] for name in event.data} == event.data


async def test_a_decision_comes_with_its_customers_trust_score(api: Api, machine: aiohttp.ClientSession) -> None:
    def decided(customer: str) -> Any:
        return detection(tenant_id=api.a.tenant.id, customer_id=customer)

    async def streamed(*messages: Any) -> list[dict[str, Any]]:
        await api.project(*messages)
        events = [await reader.next() for _ in range(2 * len(messages))]
        return [event.data for event in events if event.type == "customer.seen"]

    async with listening(machine) as reader:
        await reader.next()
        (new,) = await streamed(decided("cus_seen_new"))
        assert (new["trust_score"], new["version"]) == (50, 0)

        await api.project(trust(api, 3, "cus_seen_new"))
        change = await reader.next()
        # The stored row needs no write, one of the batch is new, and both are reported.
        seen = await streamed(decided("cus_seen_new"), decided("cus_seen_other"))
    assert {each["customer_id"]: each["version"] for each in seen} == {"cus_seen_new": 3, "cus_seen_other": 0}
    returning = next(each for each in seen if each["customer_id"] == "cus_seen_new")
    assert returning["trust_score"] == change.data["trust_score"]
    async with machine.get("/api/v1/customers/cus_seen_new") as response:
        answer = await response.json()
    assert (answer["trust_score"], answer["updated_at"]) == (returning["trust_score"], returning["updated_at"])


async def test_a_stream_with_a_time_zone_has_the_overview_after_events(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_overview, "READ_EVERY", timedelta(milliseconds=200))
    async with machine.get(PATH, params={"timezone": "America/Sao_Paulo"}) as response:
        assert response.status == 200
        reader = Reader(response)
        await reader.next()
        for number in range(1, 3):
            await api.project(detection(tenant_id=api.a.tenant.id, decision=Decision.REVIEW))
            events = await reader.take(3)
            assert [event.type for event in events] == ["detection.created", "customer.seen", "overview.updated"], (
                number
            )
            update = OverviewUpdate.model_validate(events[-1].data)
            query = {"timezone": "America/Sao_Paulo", "range": "24h"}
            async with machine.get("/api/v1/overview", params=query) as fetched:
                overview = Overview.model_validate(await fetched.json())
            for name in ("today", "last_24h", "last_7d", "open_dead_letters"):
                assert getattr(update, name) == getattr(overview, name)
            assert update.hour == overview.series.points[-1]
            async with machine.get("/api/v1/destinations") as listed:
                assert update.destinations == DestinationList.model_validate(await listed.json()).items
            assert events[-1].id == ""


async def test_the_overview_follows_changes_without_events_and_is_not_repeated(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_overview, "READ_AT_LEAST_EVERY", timedelta(milliseconds=100))
    async with machine.get(PATH, params={"timezone": "UTC"}) as response:
        reader = Reader(response)
        await reader.next()
        first = await reader.next()
        assert first.type == "overview.updated"
        # Read again meanwhile, but not changed.
        assert (await reader.next_of_any_type()).type == "heartbeat"
        await api.project(payment(PaymentSucceeded, tenant_id=api.a.tenant.id, occurred_at=datetime.now(UTC)))
        # The payment's webhook is an event too.
        changed = await reader.next()
        while changed.type != "overview.updated":
            changed = await reader.next()
    counts = [event.data["last_7d"]["counts"]["webhooks"] for event in (first, changed)]
    assert counts[1] == counts[0] + 1


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "", "../etc"])
async def test_an_unknown_time_zone_is_refused(machine: aiohttp.ClientSession, timezone: str) -> None:
    async with machine.get(PATH, params={"timezone": timezone}) as response:
        assert response.status == 422


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


async def test_a_quiet_stream_sends_heartbeats(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "HEARTBEAT", timedelta(milliseconds=50))
    async with listening(machine) as reader:
        assert (await reader.next()).type == "ready"
        heartbeats = [await reader.next_of_any_type() for _ in range(2)]
    assert [(event.type, event.id) for event in heartbeats] == [("heartbeat", "")] * 2


async def test_a_quiet_client_resumes_although_others_events_were_deleted(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its heartbeats move its position, so the events of other tenants and types do not outdate it."""
    monkeypatch.setattr(endpoint, "HEARTBEAT", timedelta(milliseconds=50))
    async with listening(machine) as reader:
        await reader.next()
        for version in range(1, 4):
            await api.project(trust_updated(tenant_id=api.b.tenant.id, customer_id="cus_other", version=version))
        while not (moved := await reader.next_of_any_type()).id.startswith(
            str(await api.pool.fetchval("SELECT max(id) FROM api.stream_events")) + "."
        ):
            assert moved.type == "heartbeat"
    await api.pool.execute("DELETE FROM api.stream_events WHERE id < (SELECT max(id) FROM api.stream_events)")
    await api.project(trust(api, 1, "cus_quiet"))

    async with listening(machine, after=moved.id) as reader:
        assert (await reader.next()).data["customer_id"] == "cus_quiet"


async def test_a_client_that_has_part_of_a_deleted_row_gets_a_reset(api: Api, machine: aiohttp.ClientSession) -> None:
    async with listening(machine) as reader:
        await reader.next()
        await api.project(trust(api, 1, "cus_part"), trust(api, 1, "cus_part_2"))
        first = await reader.next()
        assert first.id.endswith(".0")
    await api.project(trust(api, 2, "cus_part"))
    await api.pool.execute("DELETE FROM api.stream_events WHERE id < (SELECT max(id) FROM api.stream_events)")

    async with listening(machine, after=first.id) as reader:
        assert (await reader.next()).type == "reset"


async def test_a_stream_has_only_the_wanted_types(api: Api, machine: aiohttp.ClientSession) -> None:
    query = {"types": "trust.updated,dead_letter.created"}
    async with machine.get(PATH, params=query) as response:
        reader = Reader(response)
        await reader.next()
        await api.project(detection(tenant_id=api.a.tenant.id, customer_id="cus_types"))
        await api.project(detection(tenant_id=api.a.tenant.id, customer_id="cus_types_2"), trust(api, 1, "cus_types"))
        first = await reader.next()
    assert (first.type, first.data["customer_id"]) == ("trust.updated", "cus_types")
    await api.project(detection(tenant_id=api.a.tenant.id, customer_id="cus_types_3"), trust(api, 2, "cus_types"))
    async with machine.get(PATH, params=query, headers={"Last-Event-ID": first.id}) as response:
        assert (await Reader(response).next()).data["version"] == 2


async def test_a_client_that_shows_states_gets_only_the_newest_of_each(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "COALESCE_FOR", timedelta(seconds=3))
    async with (
        machine.get(PATH, params={"coalesce": "true"}) as coalesced,
        machine.get(PATH) as complete,
    ):
        states, changes = Reader(coalesced), Reader(complete)
        assert (await states.next()).type == (await changes.next()).type == "ready"
        await api.project(trust(api, 1))
        first = await states.next()
        for version in (2, 3):
            await api.project(trust(api, version))
        await api.project(trust(api, 1, "cus_other"))
        others = await states.take(2)
        every = await changes.take(4)

    assert [event.data["version"] for event in (first, *others)] == [1, 3, 1]
    assert [event.data["version"] for event in every] == [1, 2, 3, 1]
    assert [others[0], others[1]] == every[2:]


async def test_a_client_that_shows_states_is_told_of_events_left_out(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_pace, "BURST", 1)
    monkeypatch.setattr(stream_pace, "FOLLOWED_PER_S", 0.001)
    monkeypatch.setattr(stream_pace, "SKIP_FOR", timedelta(seconds=3))
    monkeypatch.setattr(endpoint, "HEARTBEAT", timedelta(seconds=1))
    payments = [uuid7().hex for _ in range(3)]
    decided = [detection(tenant_id=api.a.tenant.id, payment_id=f"stripe:{each}") for each in payments]
    coalesce, types = {"coalesce": "true"}, {"types": "detection.created"}
    async with machine.get(PATH, params=coalesce | types) as coalesced, machine.get(PATH, params=types) as complete:
        states, changes = Reader(coalesced), Reader(complete)
        ready = await states.next()
        assert ready.type == (await changes.next()).type == "ready"
        await api.project(*decided[:2])
        at_once = await states.next()
        await api.project(decided[2])
        every = await changes.take(3)
        heartbeat = await states.next_of_any_type()
        skipped = await states.next()
        monkeypatch.setattr(stream_pace, "BURST", 600)

    assert [event.type for event in every] == ["detection.created"] * 3
    assert (at_once.type, at_once.data) == ("events.skipped", {"payments": 2})
    # A client that resumes here gets what was left out since the last report.
    assert (heartbeat.type, heartbeat.id) == ("heartbeat", "")
    assert (skipped.type, skipped.data) == ("events.skipped", {"payments": 1})
    assert Position.parse(skipped.id) >= Position.parse(every[-1].id)
    async with machine.get(PATH, params=coalesce | types | {"last_event_id": ready.id}) as resumed:
        again = await Reader(resumed).take(3)
    assert {event.data["payment_id"] for event in again} == {f"stripe:{each}" for each in payments}


async def test_a_client_that_missed_too_much_is_told_so_at_once(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_pace, "BURST", 1)
    async with listening(machine) as reader:
        ready = await reader.next()
        for version in (1, 2, 3):
            await api.project(trust(api, version, f"cus_{version}"))
        every = await reader.take(3)
    async with machine.get(PATH, params={"coalesce": "true", "last_event_id": ready.id}) as resumed:
        first, skipped = await Reader(resumed).take(2)
    assert first == every[0]
    assert (skipped.type, skipped.id, skipped.data) == ("events.skipped", every[2].id, {"payments": 0})


@pytest.mark.parametrize("types", ["", "detection.made", "trust.updated,", "trust.updated,,x", "overview.updated"])
async def test_unknown_types_and_an_overview_without_a_time_zone_are_refused(
    machine: aiohttp.ClientSession, types: str
) -> None:
    async with machine.get(PATH, params={"types": types}) as response:
        assert response.status == 422


async def test_clients_of_one_view_share_the_reads_of_the_overview(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_overview, "READ_EVERY", timedelta(milliseconds=300))
    monkeypatch.setattr(endpoint, "HEARTBEAT", timedelta(milliseconds=200))
    reads = 0

    async def count(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read_overview(*arguments)

    monkeypatch.setattr(stream_overview, "read_overview", count)
    async with AsyncExitStack() as stack:
        query = {"timezone": "America/Recife", "types": "overview.updated"}
        responses = [await stack.enter_async_context(machine.get(PATH, params=query)) for _ in range(10)]
        readers = [Reader(response) for response in responses]
        for reader in readers:
            await reader.next()
        await api.project(detection(tenant_id=api.a.tenant.id, decision=Decision.REVIEW))
        updates = [await reader.next() for reader in readers]
    assert {event.type for event in updates} == {"overview.updated"}
    assert len({event.data["generated_at"] for event in updates}) == 1
    assert reads == 1


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


async def test_a_client_gets_nothing_that_was_committed_before_it_connected(api: Api) -> None:
    tenant_id = api.a.tenant.id

    async def commit(event: bytes) -> None:
        async with api.projector.acquire() as connection, connection.transaction():
            await write_stream_events(connection, {tenant_id: [event + b"\n{}"]})

    # It hears of no notification, and reads whenever a client connects.
    hub = StreamHub(api.projector)
    async with hub.subscribe(tenant_id, uuid7()) as first:
        await commit(b"early")
        async with hub.subscribe(tenant_id, uuid7()) as second:
            await commit(b"late")
            async with hub.subscribe(tenant_id, uuid7()) as third:
                assert [(await first.next()).types, (await first.next()).types] == [{"early"}, {"late"}]
                assert (await second.next()).types == {"late"}
                assert third.is_empty


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


async def test_one_tenant_opens_a_limited_number_of_streams(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [api.client((await api.user(api.b, Role.VIEWER, f"many{n}@shop.example")).bearer) for n in range(3)]
    monkeypatch.setattr(stream_hub, "MAX_STREAMS_OF_TENANT", 2)
    async with listening(keys[0]) as first, listening(keys[1]):
        await first.next()
        async with keys[2].get(PATH) as response:
            assert response.status == 429
            assert "of one tenant" in (await response.json())["detail"]


async def test_colleagues_see_that_a_note_was_written_or_deleted_but_not_its_text(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    await api.project(payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id="stripe:pi_noted"))
    async with listening(machine) as reader:
        await reader.next()
        path = "/api/v1/payments/stripe:pi_noted/notes"
        async with machine.post(path, json={"text": "a private thought"}) as response:
            note = await response.json()
        added = await reader.next()
        async with machine.delete(f"{path}/{note['id']}") as response:
            assert response.status == 204
        deleted = await reader.next()
    about = {"note_id": note["id"], "payment_id": "stripe:pi_noted", "customer_id": None, "author": note["author"]}
    assert (added.type, added.data) == ("note.changed", {**about, "change": "added"})
    assert (deleted.type, deleted.data) == ("note.changed", {**about, "change": "deleted"})


async def test_a_request_publishes_events_of_its_own_tenant_and_of_no_other(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    async with listening(machine) as reader:
        await reader.next()
        async with tenant_transaction(api.requests, api.a.tenant.id, Role.ADMIN) as connection:
            event = encode_event(b"trust.updated", {"customer_id": "cus_request"})
            await write_stream_events(connection, {api.a.tenant.id: [event]})
        assert (await reader.next()).data == {"customer_id": "cus_request"}
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with tenant_transaction(api.requests, api.a.tenant.id, Role.ADMIN) as connection:
            await write_stream_events(connection, {api.b.tenant.id: [event]})


async def test_a_replica_that_dies_leaves_no_gap_and_no_double(
    api: Api, machine: aiohttp.ClientSession, postgres_dsn: str
) -> None:
    """The connection to one replica breaks anywhere in an event; the client resumes at the other, again and again."""
    total = 240

    async def write() -> None:
        for first in range(1, total + 1, 6):
            await api.project(*(trust(api, version, "cus_killed") for version in range(first, first + 6)))

    seen: list[int] = []
    async with running_api(postgres_dsn) as (other, _, _):
        async with listening(machine) as reader:
            last = (await reader.next()).id
        writing = asyncio.create_task(write())
        for hop in range(1000):
            async with tcp_proxy((api.url, other)[hop % 2]) as (replica, url):
                with suppress(EOFError, aiohttp.ClientError, ConnectionError):
                    async with listening(machine, url, after=last) as reader:
                        for number in range(total):
                            event = await reader.next()
                            seen.append(event.data["version"])
                            last = event.id
                            if number == 7 + hop % 5:
                                replica.cut()
                            if len(seen) == total:
                                break
            if len(seen) == total:
                break
        await writing
    assert seen == list(range(1, total + 1))


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_a_stream_is_compressed_for_those_who_accept_it(api: Api, coding: str) -> None:
    client = api.client(api.a.bearer)
    async with client.get(PATH, headers={"Accept-Encoding": coding}) as response:
        assert response.headers.get("Content-Encoding", "identity") == coding
        reader = Reader(response)
        assert (await reader.next()).type == "ready"
        await api.project(detection(tenant_id=api.a.tenant.id))
        # Each event arrives complete, before a next one is written.
        assert (await reader.next()).type == "detection.created"
