"""The Python client against the running API, and its repetitions against a server that fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import httpx
import pytest

from orylo_client import ApiError, connect, items, items_async
from orylo_client.rest.api.customers import show_customer
from orylo_client.rest.api.detections import list_detections
from orylo_client.rest.api.lists import (
    add_list_entry,
    change_list_entry,
    export_lists,
    import_lists,
    list_entries,
    list_lists,
    show_list_entry,
)
from orylo_client.rest.client import AuthenticatedClient
from orylo_client.rest.models import Entry, EntryChange, EntryType, NewListEntry
from orylo_client.rest.types import File
from orylo_client.transport import RetryingTransport
from tests.integration.api.conftest import Api
from tests.unit.api.builders import detection

Result = TypeVar("Result")


def entry(value: str) -> NewListEntry:
    return NewListEntry(list_="client", type_=EntryType.IP, value=value, reason="card testing")


@pytest.fixture
async def client(api: Api) -> AsyncIterator[AuthenticatedClient]:
    async with connect(api.url, api.a.key) as client:
        yield client


async def in_thread(api: Api, use: Callable[[AuthenticatedClient], Result]) -> Result:
    """Use a sync client, while this thread runs the server."""

    def run() -> Result:
        with connect(api.url, api.a.key) as client:
            return use(client)

    return await asyncio.to_thread(run)


@pytest.mark.integration
async def test_the_sync_client_reads_and_changes_typed_resources(api: Api) -> None:
    def use(client: AuthenticatedClient) -> Entry:
        added = add_list_entry.sync(client=client, body=entry("203.0.113.1"))
        seen = show_list_entry.sync_detailed(added.id, client=client)
        change = EntryChange(reason="a proxy", expires_at=None)
        change_list_entry.sync(added.id, client=client, body=change, if_match=seen.headers["ETag"])
        with pytest.raises(ApiError) as refused:
            change_list_entry.sync(added.id, client=client, body=change, if_match=seen.headers["ETag"])
        assert (refused.value.status, refused.value.code) == (412, "precondition_failed")
        return show_list_entry.sync(added.id, client=client)

    changed = await in_thread(api, use)
    assert (changed.type_, changed.value, changed.reason) == (EntryType.IP, "203.0.113.1", "a proxy")


@pytest.mark.integration
async def test_the_async_client_reads_every_page(api: Api, client: AuthenticatedClient) -> None:
    made = [detection(tenant_id=api.a.tenant.id, customer_id="cus_client") for _ in range(5)]
    await api.project(*made)
    found = items_async(list_detections.asyncio, client=client, customer_id="cus_client", limit=2)
    assert sorted([str(each.id) async for each in found]) == sorted(str(each.detection_id) for each in made)

    def use(sync_client: AuthenticatedClient) -> list[str]:
        pages = items(list_detections.sync, client=sync_client, customer_id="cus_client", limit=2)
        return sorted(str(each.id) for each in pages)

    assert await in_thread(api, use) == sorted(str(each.detection_id) for each in made)


@pytest.mark.integration
async def test_files_are_sent_and_received(client: AuthenticatedClient) -> None:
    file = File(payload=b"type,value\nip,203.0.113.77\n")  # type: ignore[arg-type]
    summary = await import_lists.asyncio(client=client, body=file, list_="files", reason="card testing")
    assert summary.added == 1
    exported = await export_lists.asyncio(client=client, list_="files")
    assert b"203.0.113.77" in exported.payload.read()


@pytest.mark.integration
async def test_problems_are_exceptions_that_name_the_fields(api: Api, client: AuthenticatedClient) -> None:
    with pytest.raises(ApiError) as refused:
        await add_list_entry.asyncio(client=client, body=entry("not an address"))
    assert (refused.value.status, refused.value.code) == (422, "validation")
    assert [each.field for each in refused.value.errors] == ["body.value"]
    with pytest.raises(ApiError, match="404 not_found"):
        await show_customer.asyncio("cus_of_no_one", client=client)
    async with connect(api.url, "orylo_unknown") as stranger:
        with pytest.raises(ApiError, match="401 unknown_api_key"):
            await list_lists.asyncio(client=stranger)


@pytest.mark.integration
async def test_a_post_whose_response_was_lost_takes_effect_once(api: Api) -> None:
    """The first response is dropped after the server has acted."""
    through = httpx.AsyncHTTPTransport()
    sent: list[httpx.Request] = []

    async def lose_the_first(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        response = await through.handle_async_request(request)
        if len(sent) == 1:
            await response.aclose()
            raise httpx.ReadError("the connection was lost")
        return response

    transport = RetryingTransport(inner_async=httpx.MockTransport(lose_the_first))
    async with connect(api.url, api.a.key, transport=transport) as client:
        added = await add_list_entry.asyncio(client=client, body=entry("203.0.113.2"))
        assert len(sent) == 2
        page = await list_entries.asyncio(client=client, list_="client")
    assert [each.id for each in page.items].count(added.id) == 1
    await through.aclose()


def answering(*statuses: int) -> tuple[list[httpx.Request], httpx.MockTransport]:
    """Return a server that answers with these statuses, and the requests it received."""
    received: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        received.append(request)
        return httpx.Response(statuses[len(received) - 1], headers={"Retry-After": "0"}, json={})

    return received, httpx.MockTransport(answer)


@pytest.mark.parametrize(
    ("method", "statuses", "last"),
    [
        ("GET", (503, 429, 200), 200),
        ("POST", (503, 200), 200),
        ("GET", (503, 503, 503, 503), 503),
        ("GET", (500,), 500),
        ("PATCH", (503,), 503),
    ],
)
async def test_a_request_is_repeated_while_that_may_help_and_cannot_harm(
    method: str, statuses: tuple[int, ...], last: int
) -> None:
    received, server = answering(*statuses)
    transport = RetryingTransport(attempts=4, inner=server, inner_async=server)
    async with httpx.AsyncClient(transport=transport) as client:
        try:
            status = (await client.request(method, "https://orylo.example")).status_code
        except ApiError as error:
            status = error.status
    assert (len(received), status) == (len(statuses), last)
    keys = {request.headers.get("Idempotency-Key") for request in received}
    assert len(keys) == 1
    assert (None in keys) == (method != "POST")


def test_the_sync_transport_repeats_alike() -> None:
    received, server = answering(503, 200)
    with httpx.Client(transport=RetryingTransport(inner=server)) as client:
        assert client.post("https://orylo.example").status_code == 200
    assert len({request.headers["Idempotency-Key"] for request in received}) == 1 < len(received)
